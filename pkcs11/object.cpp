#include "pkcs11/object.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "pkcs11/error.hpp"

namespace pkcs11 {
namespace {

constexpr CK_ULONG kMaxAttributeBytes = 16384;  // a modulus has 512; a token that claims more is broken

}  // namespace

Template& Template::flag(CK_ATTRIBUTE_TYPE type, bool value) {
  const CK_BBOOL byte = value ? CK_TRUE : CK_FALSE;
  return bytes(type, ByteView{&byte, sizeof byte});
}

Template& Template::number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  std::array<std::uint8_t, sizeof value> raw{};
  std::memcpy(raw.data(), &value, sizeof value);
  return bytes(type, raw);
}

Template& Template::bytes(CK_ATTRIBUTE_TYPE type, ByteView value) {
  Bytes& kept = values_.emplace_back(value.begin(), value.end());
  attributes_.push_back({type, kept.data(), kept.size()});
  return *this;
}

bool is_logged_in(const Session& session) {
  CK_SESSION_INFO about{};
  check(session.functions->C_GetSessionInfo(session.handle, &about), "C_GetSessionInfo");
  return about.state == CKS_RW_USER_FUNCTIONS || about.state == CKS_RO_USER_FUNCTIONS;
}

void require_login(const Session& session) {
  if (session.tells_login && !is_logged_in(session)) {
    throw Error{ErrorClass::relogin, "C_GetSessionInfo", CKR_USER_NOT_LOGGED_IN,
                "the token has lost the login"};
  }
}

std::vector<CK_OBJECT_HANDLE> find_objects(const Session& session, Template wanted, std::size_t most) {
  check(session.functions->C_FindObjectsInit(session.handle, wanted.attributes(), wanted.size()),
        "C_FindObjectsInit");
  std::vector<CK_OBJECT_HANDLE> found;
  // Some tokens give fewer than asked for at a time: until none comes.
  while (found.size() < most) {
    std::vector<CK_OBJECT_HANDLE> batch(most - found.size());
    CK_ULONG count = 0;
    check(session.functions->C_FindObjects(session.handle, batch.data(), batch.size(), &count),
          "C_FindObjects");
    if (count == 0) {
      break;
    }
    batch.resize(std::min<std::size_t>(count, batch.size()));
    found.insert(found.end(), batch.begin(), batch.end());
  }
  check(session.functions->C_FindObjectsFinal(session.handle), "C_FindObjectsFinal");
  return found;
}

std::optional<Bytes> read_bytes(const Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  CK_ATTRIBUTE attribute{type, nullptr, 0};
  const auto read = [&] {
    return session.functions->C_GetAttributeValue(session.handle, object, &attribute, 1);
  };
  CK_RV rv = read();
  if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE) {
    return std::nullopt;
  }
  check(rv, "C_GetAttributeValue");
  if (attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION || attribute.ulValueLen > kMaxAttributeBytes) {
    return std::nullopt;
  }
  Bytes value(attribute.ulValueLen);
  if (value.empty()) {
    return value;
  }
  attribute.pValue = value.data();
  check(read(), "C_GetAttributeValue");
  if (attribute.ulValueLen > value.size()) {
    return std::nullopt;
  }
  value.resize(attribute.ulValueLen);
  return value;
}

std::optional<bool> read_flag(const Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  const auto value = read_bytes(session, object, type);
  if (!value || value->size() != sizeof(CK_BBOOL)) {
    return std::nullopt;
  }
  return value->front() != CK_FALSE;
}

std::optional<CK_ULONG> read_number(const Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  const auto value = read_bytes(session, object, type);
  CK_ULONG number = 0;
  if (!value || value->size() != sizeof number) {
    return std::nullopt;
  }
  std::memcpy(&number, value->data(), sizeof number);
  return number;
}

}  // namespace pkcs11
