#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"

namespace ca {

std::vector<Tag> AuthorityService::tags(const Caller& caller, const AuthorityArn& arn) {
  return state_->authorize_living(caller, arn, "ListTags")->tags;
}

void AuthorityService::tag(const Caller& caller, const AuthorityArn& arn, const std::vector<Tag>& tags) {
  State& state = *state_;
  (void)state.authorize_living(caller, arn, "TagCertificateAuthority", tag_context(tags));
  AuditEvent event = state.event(caller, "authority.tagged", arn);
  event.detail = {{"tags", tags_json(tags)}};
  state.change(arn, std::move(event), [&](AuthorityRecord& record) {
    record.tags_json = tags_json(with_tags(parse_tags(record.tags_json), tags));
  });
}

void AuthorityService::untag(const Caller& caller, const AuthorityArn& arn,
                             const std::vector<TagToRemove>& tags) {
  State& state = *state_;
  (void)state.authorize_living(caller, arn, "UntagCertificateAuthority", tag_context(tags));
  AuditEvent event = state.event(caller, "authority.untagged", arn);
  for (const TagToRemove& tag : tags) {
    event.detail[tag.key] = tag.value.value_or("*");
  }
  state.change(arn, std::move(event), [&](AuthorityRecord& record) {
    record.tags_json = tags_json(without_tags(parse_tags(record.tags_json), tags));
  });
}

}  // namespace ca
