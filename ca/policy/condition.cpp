#include "ca/policy/condition.hpp"

#include <algorithm>
#include <array>

#include "ca/base/strings.hpp"

namespace ca {
namespace {

using Comparison = Condition::Comparison;
using Over = Condition::Over;

struct Row {
  std::string_view name;
  Comparison comparison;
  bool negated = false;
};

constexpr std::array kOperators{
    Row{"StringEquals", Comparison::string_equals},
    Row{"StringNotEquals", Comparison::string_equals, true},
    Row{"StringEqualsIgnoreCase", Comparison::string_equals_ignore_case},
    Row{"StringNotEqualsIgnoreCase", Comparison::string_equals_ignore_case, true},
    Row{"StringLike", Comparison::string_like},
    Row{"StringNotLike", Comparison::string_like, true},
    Row{"NumericEquals", Comparison::numeric_equals},
    Row{"NumericNotEquals", Comparison::numeric_equals, true},
    Row{"NumericLessThan", Comparison::numeric_less_than},
    Row{"NumericLessThanEquals", Comparison::numeric_less_than_equals},
    Row{"NumericGreaterThan", Comparison::numeric_greater_than},
    Row{"NumericGreaterThanEquals", Comparison::numeric_greater_than_equals},
    Row{"DateEquals", Comparison::date_equals},
    Row{"DateNotEquals", Comparison::date_equals, true},
    Row{"DateLessThan", Comparison::date_less_than},
    Row{"DateLessThanEquals", Comparison::date_less_than_equals},
    Row{"DateGreaterThan", Comparison::date_greater_than},
    Row{"DateGreaterThanEquals", Comparison::date_greater_than_equals},
    Row{"Bool", Comparison::boolean},
    Row{"ArnEquals", Comparison::arn_like},
    Row{"ArnNotEquals", Comparison::arn_like, true},
    Row{"ArnLike", Comparison::arn_like},
    Row{"ArnNotLike", Comparison::arn_like, true},
    Row{"IpAddress", Comparison::ip_address},
    Row{"NotIpAddress", Comparison::ip_address, true},
    Row{"Null", Comparison::null},
};

constexpr std::string_view kForAllValues = "ForAllValues:";
constexpr std::string_view kForAnyValue = "ForAnyValue:";
constexpr std::string_view kIfExists = "IfExists";

// Each of the six parts by itself: a wildcard does not reach across a colon.
bool arn_matches(std::string_view pattern, std::string_view arn) {
  static constexpr int kParts = 6;
  for (int part = 1; part < kParts; ++part) {
    const std::size_t in_pattern = pattern.find(':');
    const std::size_t in_arn = arn.find(':');
    if (in_pattern == std::string_view::npos || in_arn == std::string_view::npos ||
        !matches_wildcard(pattern.substr(0, in_pattern), arn.substr(0, in_arn))) {
      return false;
    }
    pattern.remove_prefix(in_pattern + 1);
    arn.remove_prefix(in_arn + 1);
  }
  return matches_wildcard(pattern, arn);
}

template <typename Compare>
bool compare(const std::optional<double>& request, const std::optional<double>& policy, Compare comparison) {
  return request && policy && comparison(*request, *policy);
}

bool address_matches(const std::string& request, const std::string& policy) {
  const auto address = IpNetwork::parse(request);
  const auto network = IpNetwork::parse(policy);
  return address && network && network->contains(*address);
}

bool matches(Comparison comparison, const std::string& request, const std::string& policy) {
  switch (comparison) {
    case Comparison::string_equals:
      return request == policy;
    case Comparison::string_equals_ignore_case:
    case Comparison::boolean:
      return ascii_lower(request) == ascii_lower(policy);
    case Comparison::string_like:
      return matches_wildcard(policy, request);
    case Comparison::numeric_equals:
      return compare(parse_number(request), parse_number(policy), std::equal_to<>{});
    case Comparison::numeric_less_than:
      return compare(parse_number(request), parse_number(policy), std::less<>{});
    case Comparison::numeric_less_than_equals:
      return compare(parse_number(request), parse_number(policy), std::less_equal<>{});
    case Comparison::numeric_greater_than:
      return compare(parse_number(request), parse_number(policy), std::greater<>{});
    case Comparison::numeric_greater_than_equals:
      return compare(parse_number(request), parse_number(policy), std::greater_equal<>{});
    case Comparison::date_equals:
      return compare(parse_date(request), parse_date(policy), std::equal_to<>{});
    case Comparison::date_less_than:
      return compare(parse_date(request), parse_date(policy), std::less<>{});
    case Comparison::date_less_than_equals:
      return compare(parse_date(request), parse_date(policy), std::less_equal<>{});
    case Comparison::date_greater_than:
      return compare(parse_date(request), parse_date(policy), std::greater<>{});
    case Comparison::date_greater_than_equals:
      return compare(parse_date(request), parse_date(policy), std::greater_equal<>{});
    case Comparison::arn_like:
      return arn_matches(policy, request);
    case Comparison::ip_address:
      return address_matches(request, policy);
    case Comparison::null:
      return false;
  }
  return false;
}

std::string_view name_of(Comparison comparison, bool negated) {
  const auto row = std::find_if(kOperators.begin(), kOperators.end(), [&](const Row& known) {
    return known.comparison == comparison && known.negated == negated;
  });
  return row == kOperators.end() ? "?" : row->name;
}

}  // namespace

std::string Condition::text() const {
  const std::string_view set = over == Over::all_values  ? kForAllValues
                               : over == Over::any_value ? kForAnyValue
                                                         : std::string_view{};
  return std::string{set} + std::string{name_of(comparison, negated)} +
         std::string{if_exists ? kIfExists : std::string_view{}} + " on " + key.name;
}

std::optional<Condition> parse_operator(std::string_view name) {
  Condition condition;
  if (name.starts_with(kForAllValues)) {
    condition.over = Over::all_values;
    name.remove_prefix(kForAllValues.size());
  } else if (name.starts_with(kForAnyValue)) {
    condition.over = Over::any_value;
    name.remove_prefix(kForAnyValue.size());
  }
  if (name.ends_with(kIfExists)) {
    condition.if_exists = true;
    name.remove_suffix(kIfExists.size());
  }
  const auto row = std::find_if(kOperators.begin(), kOperators.end(),
                                [&](const Row& known) { return known.name == name; });
  if (row == kOperators.end()) {
    return std::nullopt;
  }
  condition.comparison = row->comparison;
  condition.negated = row->negated;
  const bool null = condition.comparison == Comparison::null;
  if (null && (condition.if_exists || condition.over != Over::one)) {
    return std::nullopt;
  }
  return condition;
}

bool fits(Comparison comparison, KeyType type) {
  switch (comparison) {
    case Comparison::string_equals:
    case Comparison::string_equals_ignore_case:
    case Comparison::string_like:
      return type == KeyType::string || type == KeyType::arn || type == KeyType::ip;
    case Comparison::numeric_equals:
    case Comparison::numeric_less_than:
    case Comparison::numeric_less_than_equals:
    case Comparison::numeric_greater_than:
    case Comparison::numeric_greater_than_equals:
      return type == KeyType::number;
    case Comparison::date_equals:
    case Comparison::date_less_than:
    case Comparison::date_less_than_equals:
    case Comparison::date_greater_than:
    case Comparison::date_greater_than_equals:
      return type == KeyType::date;
    case Comparison::boolean:
      return type == KeyType::boolean;
    case Comparison::arn_like:
      return type == KeyType::arn;
    case Comparison::ip_address:
      return type == KeyType::ip;
    case Comparison::null:
      return true;
  }
  return false;
}

bool is_value_of(Comparison comparison, const std::string& value) {
  switch (comparison) {
    case Comparison::string_equals:
    case Comparison::string_equals_ignore_case:
    case Comparison::string_like:
      return true;
    case Comparison::numeric_equals:
    case Comparison::numeric_less_than:
    case Comparison::numeric_less_than_equals:
    case Comparison::numeric_greater_than:
    case Comparison::numeric_greater_than_equals:
      return parse_number(value).has_value();
    case Comparison::date_equals:
    case Comparison::date_less_than:
    case Comparison::date_less_than_equals:
    case Comparison::date_greater_than:
    case Comparison::date_greater_than_equals:
      return parse_date(value).has_value();
    case Comparison::boolean:
    case Comparison::null:
      return value == "true" || value == "false";
    case Comparison::arn_like:
      return std::count(value.begin(), value.end(), ':') >= 5;
    case Comparison::ip_address:
      return IpNetwork::parse(value).has_value();
  }
  return false;
}

bool holds(const Condition& condition, bool allow, const std::vector<std::string>& request_values) {
  const bool absent = request_values.empty();
  if (condition.comparison == Comparison::null) {
    return std::any_of(condition.values.begin(), condition.values.end(),
                       [&](const std::string& value) { return absent == (value == "true"); });
  }
  const auto value_holds = [&](const std::string& request) {
    const bool any = std::any_of(
        condition.values.begin(), condition.values.end(),
        [&](const std::string& policy) { return matches(condition.comparison, request, policy); });
    return any != condition.negated;
  };
  const auto all = [&] { return std::all_of(request_values.begin(), request_values.end(), value_holds); };
  const auto any = [&] { return std::any_of(request_values.begin(), request_values.end(), value_holds); };
  switch (condition.over) {
    case Over::all_values:
      return all();  // also when there is none
    case Over::any_value:
      return absent ? condition.if_exists : any();
    case Over::one:
      return absent ? condition.if_exists || condition.negated : allow ? all() : any();
  }
  return false;
}

}  // namespace ca
