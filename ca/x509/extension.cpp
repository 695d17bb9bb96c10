#include "ca/x509/extension.hpp"

#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/x509/der.hpp"

namespace ca {
namespace {

constexpr std::size_t kMaxExtensions = 64;  // real certificates have below 20

// Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } (RFC 5280, 4.1)
Extension read_extension(der::Reader& row) {
  der::Reader fields = row.enter(der::tag::kSequence, "extension");
  Extension extension;
  extension.id = fields.oid("extension id");
  if (const auto critical = fields.take_if(der::tag::kBoolean)) {
    // DER leaves the default out: only TRUE may be written, as FF.
    if (critical->contents.size() != 1 || critical->contents[0] != 0xFF) {
      fields.refuse("the critical mark of " + extension.id + " must be TRUE (FF) or absent");
    }
    extension.critical = true;
  }
  const ByteView value = fields.take(der::tag::kOctetString, "extension value").contents;
  fields.end();
  extension.value.assign(value.begin(), value.end());
  return extension;
}

}  // namespace

std::vector<Extension> parse_extensions(ByteView der) {
  der::Reader outer{der, "extensions"};
  der::Reader row = outer.enter(der::tag::kSequence, "extensions");
  outer.end();
  if (row.done()) {
    row.refuse("the list is empty");
  }
  std::vector<Extension> extensions;
  while (!row.done()) {
    Extension next = read_extension(row);
    if (std::any_of(extensions.begin(), extensions.end(),
                    [&](const Extension& earlier) { return earlier.id == next.id; })) {
      row.refuse("extension " + next.id + " is there twice");
    }
    extensions.push_back(std::move(next));
    if (extensions.size() > kMaxExtensions) {
      row.refuse("more than " + std::to_string(kMaxExtensions) + " extensions");
    }
  }
  return extensions;
}

Bytes encode_extensions(const std::vector<Extension>& extensions) {
  static constexpr std::uint8_t kTrue[] = {der::tag::kBoolean, 1, 0xFF};
  Bytes contents;
  for (const Extension& extension : extensions) {
    const Bytes element = der::element(
        der::tag::kSequence, {der::oid(extension.id), extension.critical ? ByteView{kTrue} : ByteView{},
                              der::element(der::tag::kOctetString, extension.value)});
    contents.insert(contents.end(), element.begin(), element.end());
  }
  return der::element(der::tag::kSequence, contents);
}

}  // namespace ca
