#include "ca/authority/issuance_context.hpp"

#include "ca/base/strings.hpp"

namespace ca {
namespace {

// "host names in lower case, addresses, URIs and mailboxes as text, any other form as form:text"
std::string value_of(const GeneralName& name) {
  switch (name.kind) {
    case GeneralName::Kind::dns:
      return ascii_lower(text_of(name.value));
    case GeneralName::Kind::uri:
    case GeneralName::Kind::email:
      return text_of(name.value);
    case GeneralName::Kind::ip:
      return name.text().substr(std::string_view{"IP:"}.size());
    case GeneralName::Kind::other:
    case GeneralName::Kind::x400:
    case GeneralName::Kind::directory:
    case GeneralName::Kind::edi_party:
    case GeneralName::Kind::registered_id:
      break;
  }
  return name.text();
}

std::string_view form_of(GeneralName::Kind kind) {
  switch (kind) {
    case GeneralName::Kind::dns:
      return "dns";
    case GeneralName::Kind::email:
      return "email";
    case GeneralName::Kind::uri:
      return "uri";
    case GeneralName::Kind::ip:
      return "ip";
    case GeneralName::Kind::directory:
      return "directory";
    case GeneralName::Kind::registered_id:
      return "registered-id";
    case GeneralName::Kind::other:
      return "other";
    case GeneralName::Kind::x400:
      return "x400";
    case GeneralName::Kind::edi_party:
      break;
  }
  return "edi-party";
}

std::string days_until(Seconds end, TimePoint now) {
  const auto left = end - now;
  return std::to_string(std::chrono::ceil<std::chrono::days>(left).count());
}

}  // namespace

std::map<std::string, std::vector<std::string>> issuance_context(const TemplateArn& template_arn,
                                                                 const Granted& granted,
                                                                 const std::optional<Seconds>& not_after,
                                                                 TimePoint now) {
  std::vector<std::string> names, forms;
  for (const GeneralName& name : granted.names) {
    names.push_back(value_of(name));
    forms.emplace_back(form_of(name.kind));
  }
  std::map<std::string, std::vector<std::string>> context{
      {"acm-pca:TemplateArn", {template_arn.text()}},
      {"chancery:CommonName", granted.subject.common_names()},
      {"chancery:SubjectAlternativeNames", std::move(names)},
      {"chancery:SubjectAlternativeNameForms", std::move(forms)}};
  if (not_after) {
    context["chancery:ValidityDays"] = {days_until(*not_after, now)};
  }
  return context;
}

}  // namespace ca
