#include <algorithm>
#include <array>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <utility>

#include "pkcs11/error.hpp"
#include "pkcs11/key_access.hpp"
#include "pkcs11/key_template.hpp"
#include "pkcs11/object.hpp"

namespace pkcs11 {
namespace {

constexpr std::size_t kMarkBytes = 8;
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kMostOfOneLabel =
    64;  // more interrupted creations of one label than anybody leaves behind

ByteView view(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

bool is_template_complaint(CK_RV rv) {
  return rv == CKR_TEMPLATE_INCONSISTENT || rv == CKR_ATTRIBUTE_TYPE_INVALID ||
         rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_ATTRIBUTE_READ_ONLY;
}

// The beginning of the CKA_ID of every key that was made here under that label.
Bytes mark_of(const std::string& label) {
  const std::string text = "chancery key pair " + label;
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(view(text).data(), text.size(), digest.data());
  return {digest.begin(), digest.begin() + kMarkBytes};
}

bool is_ours(const Bytes& id, const std::string& label) {
  const Bytes mark = mark_of(label);
  return id.size() == kIdBytes && std::equal(mark.begin(), mark.end(), id.begin());
}

std::vector<CK_OBJECT_HANDLE> labelled(const Session& session, CK_OBJECT_CLASS object_class,
                                       const std::string& label) {
  Template wanted;
  wanted.number(CKA_CLASS, object_class).bytes(CKA_LABEL, view(label));
  return find_objects(session, std::move(wanted), kMostOfOneLabel);
}

std::vector<CK_OBJECT_HANDLE> of_id(const Session& session, CK_OBJECT_CLASS object_class,
                                    const std::string& label, const Bytes& id) {
  Template wanted;
  wanted.number(CKA_CLASS, object_class).bytes(CKA_LABEL, view(label)).bytes(CKA_ID, id);
  return find_objects(session, std::move(wanted), kMostOfOneLabel);
}

Uri uri_of(const std::string& token_label, const std::string& label, const Bytes& id) {
  Uri uri;
  uri.token = token_label;
  uri.object = label;
  uri.id = id;
  uri.type = "private";
  return uri;
}

// nullopt unless both halves are there and the private one is as strict as we make them.
std::optional<GeneratedKey> whole_pair(const Session& session, const std::string& token_label,
                                       const std::string& label, const Bytes& id) {
  const Uri uri = uri_of(token_label, label, id);
  if (of_id(session, CKO_PUBLIC_KEY, label, id).empty()) {
    return std::nullopt;
  }
  const auto key = find_private_key(session, uri);
  if (!key || weakness_of_new(read_attributes(session, *key))) {
    return std::nullopt;
  }
  return GeneratedKey{uri.text(), read_public_key(session, *key)};
}

// Ids of the private keys with that label that were made here.
std::vector<Bytes> our_ids(const Session& session, const std::string& label) {
  std::vector<Bytes> ids;
  for (const CK_OBJECT_HANDLE object : labelled(session, CKO_PRIVATE_KEY, label)) {
    if (const auto id = read_bytes(session, object, CKA_ID); id && is_ours(*id, label)) {
      ids.push_back(*id);
    }
  }
  return ids;
}

struct Pair {
  CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;
};

Pair generate(const Session& session, const std::string& label, const Bytes& id, KeyType type) {
  CK_MECHANISM mechanism{generation_mechanism(type), nullptr, 0};
  CK_RV rv = CKR_OK;
  for (const unsigned left_out : sets_to_leave_out()) {
    Template open = public_template(type, label, id, left_out);
    Template closed = private_template(label, id, left_out);
    Pair pair;
    rv = session.functions->C_GenerateKeyPair(session.handle, &mechanism, open.attributes(), open.size(),
                                              closed.attributes(), closed.size(), &pair.public_key,
                                              &pair.private_key);
    if (rv == CKR_OK) {
      return pair;
    }
    if (!is_template_complaint(rv)) {
      break;
    }
  }
  throw Error{classify("C_GenerateKeyPair", rv), "C_GenerateKeyPair", rv, std::string{name_of(type)},
              hint_for("C_GenerateKeyPair", rv)};
}

}  // namespace

void refuse_bad_label(const std::string& label) {
  Uri probe;
  probe.object = label;
  try {
    static_cast<void>(Uri::parse(probe.text()));
  } catch (const Error&) {
    throw Error{ErrorClass::bad_request,
                "a key label must be 1 to 255 bytes of UTF-8 without control characters",
                "choose another label"};
  }
}

bool label_in_use(const Session& session, const std::string& label) {
  require_login(session);
  for (const CK_OBJECT_CLASS object_class : {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY}) {
    for (const CK_OBJECT_HANDLE object : labelled(session, object_class, label)) {
      if (const auto id = read_bytes(session, object, CKA_ID); !id || !is_ours(*id, label)) {
        return true;
      }
    }
  }
  return std::ranges::any_of(our_ids(session, label), [&](const Bytes& id) {
    return whole_pair(session, std::string{}, label, id).has_value();
  });
}

std::optional<GeneratedKey> find_labelled(const Session& session, const std::string& token_label,
                                          const std::string& label) {
  std::optional<GeneratedKey> found;
  for (const Bytes& id : our_ids(session, label)) {
    auto pair = whole_pair(session, token_label, label, id);
    if (pair && found) {
      throw Error{ErrorClass::key_refused, "C_FindObjects", CKR_OK,
                  "several key pairs have the label " + label, "name one by object= and id="};
    }
    if (pair) {
      found = std::move(pair);
    }
  }
  if (!found) {
    require_login(session);
  }
  return found;
}

Bytes new_key_id(const std::string& label) {
  Bytes id = mark_of(label);
  id.resize(kIdBytes);
  if (RAND_bytes(id.data() + kMarkBytes, static_cast<int>(kIdBytes - kMarkBytes)) != 1) {
    throw Error{ErrorClass::fatal_config, "OpenSSL has no randomness"};
  }
  return id;
}

std::optional<GeneratedKey> take_up_pair(const Session& session, const std::string& token_label,
                                         const std::string& label, const Bytes& id) {
  require_login(session);
  if (auto pair = whole_pair(session, token_label, label, id)) {
    return pair;
  }
  for (const CK_OBJECT_CLASS object_class : {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY}) {
    for (const CK_OBJECT_HANDLE object : of_id(session, object_class, label, id)) {
      check(session.functions->C_DestroyObject(session.handle, object), "C_DestroyObject");
    }
  }
  return std::nullopt;
}

GeneratedKey generate_pair(const Session& session, const std::string& token_label, const std::string& label,
                           const Bytes& id, KeyType type) {
  const Pair pair = generate(session, label, id, type);
  const PrivateKey key{pair.private_key, type};
  if (const auto weakness = weakness_of_new(read_attributes(session, key))) {
    // Ours and seconds old: nothing can depend on it.
    session.functions->C_DestroyObject(session.handle, pair.private_key);
    session.functions->C_DestroyObject(session.handle, pair.public_key);
    throw Error{ErrorClass::key_refused, "C_GenerateKeyPair", CKR_OK, "the new key is weak: " + *weakness,
                "the token does not keep what its template asks for; it cannot hold CA keys"};
  }
  return {uri_of(token_label, label, id).text(), read_public_key(session, key)};
}

}  // namespace pkcs11
