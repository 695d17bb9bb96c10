#pragma once
// Internal: objects and their attributes, over one session.
#include <deque>
#include <optional>

#include "pkcs11/bytes.hpp"
#include "pkcs11/cryptoki.hpp"

namespace pkcs11 {

// Attributes for a search or a new object. Owns the values; move-only, since Cryptoki holds their addresses.
class Template {
 public:
  Template() = default;
  Template(Template&&) = default;
  Template& operator=(Template&&) = default;
  Template(const Template&) = delete;
  Template& operator=(const Template&) = delete;

  Template& flag(CK_ATTRIBUTE_TYPE type, bool value);
  Template& number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
  Template& bytes(CK_ATTRIBUTE_TYPE type, ByteView value);
  [[nodiscard]] CK_ATTRIBUTE* attributes() { return attributes_.data(); }
  [[nodiscard]] CK_ULONG size() const { return attributes_.size(); }

 private:
  std::vector<CK_ATTRIBUTE> attributes_;
  std::deque<Bytes> values_;  // a deque does not move what it holds
};

// What C_GetSessionInfo says. Throws Error.
[[nodiscard]] bool is_logged_in(const Session& session);
// A token that lost the login (another thread's C_Logout, the end of a session on the HSM's side) shows no
// private object and says CKR_OK: before "there is none" is believed. Throws Error{relogin}.
void require_login(const Session& session);

// At most `most`: two, where the question is "none, one, or not unique".
[[nodiscard]] std::vector<CK_OBJECT_HANDLE> find_objects(const Session& session, Template wanted,
                                                         std::size_t most = 2);

// nullopt: the token has no such attribute on this object, or does not show it.
[[nodiscard]] std::optional<Bytes> read_bytes(const Session& session, CK_OBJECT_HANDLE object,
                                              CK_ATTRIBUTE_TYPE type);
[[nodiscard]] std::optional<bool> read_flag(const Session& session, CK_OBJECT_HANDLE object,
                                            CK_ATTRIBUTE_TYPE type);
[[nodiscard]] std::optional<CK_ULONG> read_number(const Session& session, CK_OBJECT_HANDLE object,
                                                  CK_ATTRIBUTE_TYPE type);

}  // namespace pkcs11
