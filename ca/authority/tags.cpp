#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {

std::vector<Tag> AuthorityService::tags(const Caller& caller, const AuthorityArn& arn) {
  state_->require(caller, "ListTags", arn.text());
  return parse_tags(state_->living(caller, arn)->record.tags_json);
}

void AuthorityService::tag(const Caller& caller, const AuthorityArn& arn, const std::vector<Tag>& tags) {
  State& state = *state_;
  state.require(caller, "TagCertificateAuthority", arn.text());
  AuditEvent event = state.event(caller, "authority.tagged", arn);
  event.detail = {{"tags", tags_json(tags)}};
  state.change(caller, arn, std::move(event), [&](AuthorityRecord& record) {
    record.tags_json = tags_json(with_tags(parse_tags(record.tags_json), tags));
  });
}

void AuthorityService::untag(const Caller& caller, const AuthorityArn& arn,
                             const std::vector<TagToRemove>& tags) {
  State& state = *state_;
  state.require(caller, "UntagCertificateAuthority", arn.text());
  AuditEvent event = state.event(caller, "authority.untagged", arn);
  for (const TagToRemove& tag : tags) {
    event.detail[tag.key] = tag.value.value_or("*");
  }
  state.change(caller, arn, std::move(event), [&](AuthorityRecord& record) {
    record.tags_json = tags_json(without_tags(parse_tags(record.tags_json), tags));
  });
}

}  // namespace ca
