#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ca/base/bytes.hpp"
#include "ca/base/clock.hpp"

namespace ca {

// What a condition key holds; decides which operators a policy may put on it.
enum class KeyType { string, arn, number, date, boolean, ip };

struct ConditionKey {
  std::string name;  // in its one spelling; for a tag with the tag's key: "aws:ResourceTag/team"
  KeyType type = KeyType::string;
  bool multivalued = false;
};
// Keys are matched without case, the tag's own key with it. nullopt: no request of this service has it.
[[nodiscard]] std::optional<ConditionKey> find_condition_key(std::string_view name);

// An address or a network in CIDR form.
struct IpNetwork {
  Bytes address;  // 4 or 16 bytes
  unsigned prefix = 0;

  // "10.0.0.0/8", "2001:db8::7". nullopt for anything else.
  [[nodiscard]] static std::optional<IpNetwork> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpNetwork& address) const;
};

// "2026-11-24T12:00:00Z", "2026-11-24" or seconds since 1970; seconds.
[[nodiscard]] std::optional<double> parse_date(std::string_view text);
// A decimal number and nothing else.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

// One operator on one key of a policy's Condition block (IAM User Guide, "IAM JSON policy elements: Condition
// operators"). Immutable once parsed.
struct Condition {
  enum class Comparison {
    string_equals,
    string_equals_ignore_case,
    string_like,
    numeric_equals,
    numeric_less_than,
    numeric_less_than_equals,
    numeric_greater_than,
    numeric_greater_than_equals,
    date_equals,
    date_less_than,
    date_less_than_equals,
    date_greater_than,
    date_greater_than_equals,
    boolean,
    arn_like,  // ArnEquals is the same
    ip_address,
    null,
  };
  enum class Over { one, all_values, any_value };  // none, ForAllValues, ForAnyValue

  Comparison comparison = Comparison::string_equals;
  bool negated = false;  // ...Not...
  Over over = Over::one;
  bool if_exists = false;
  ConditionKey key;
  std::vector<std::string> values;  // each is of the comparison's form

  // "ForAnyValue:StringNotLike on chancery:SubjectAlternativeNames"
  [[nodiscard]] std::string text() const;
};

// Reads "ForAnyValue:StringNotLikeIfExists" into everything but key and values. nullopt: no such operator.
[[nodiscard]] std::optional<Condition> parse_operator(std::string_view name);
// Whether that comparison can say anything about a key of that type.
[[nodiscard]] bool fits(Condition::Comparison comparison, KeyType type);
// Whether a policy's value has the comparison's form.
[[nodiscard]] bool is_value_of(Condition::Comparison comparison, const std::string& value);

// Whether the condition holds for what the request has under its key; empty = the request has none. `allow`
// decides about several values where the policy says neither ForAllValues nor ForAnyValue: what grants must
// hold for each of them, what refuses for any (I11).
[[nodiscard]] bool holds(const Condition& condition, bool allow,
                         const std::vector<std::string>& request_values);

}  // namespace ca
