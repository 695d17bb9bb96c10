#include <limits>

#include "ca/base/error.hpp"
#include "ca/issuance/validity.hpp"
#include "tests/support/catch.hpp"

using ca::ValidityRequest;
using Type = ca::ValidityRequest::Type;
using namespace std::chrono;

namespace {

ca::TimePoint at(int y, int m, int d, int hour = 0, int minute = 0, int second = 0) {
  return sys_days{year{y} / m / d} + hours{hour} + minutes{minute} + seconds{second};
}

const ca::TimePoint kNow = at(2021, 3, 8, 16, 46, 27) + milliseconds{999};

std::string end_of(long value, Type type, ca::TimePoint now = kNow) {
  return ca::rfc3339(ca::resolve_validity({value, type}, std::nullopt, now, std::nullopt).not_after);
}

void refused(long value, Type type, ca::Code code = ca::Code::constraint_violation) {
  INFO(value);
  try {
    (void)ca::resolve_validity({value, type}, std::nullopt, kNow, std::nullopt);
    FAIL("accepted");
  } catch (const ca::Error& error) {
    CHECK(error.code() == code);
  }
}

}  // namespace

TEST_CASE("validity: the published sample of AWS comes out", "[issuance]") {
  const auto validity = ca::resolve_validity({365, Type::days}, std::nullopt, kNow, std::nullopt);
  CHECK(ca::rfc3339(validity.not_before) == "2021-03-08T15:46:27Z");
  CHECK(ca::rfc3339(validity.not_after) == "2022-03-08T16:46:27Z");
}

TEST_CASE("validity: notAfter is now plus the asked time exactly for every number of days",
          "[issuance][I10]") {
  for (long days_asked = 1; days_asked < 4000; ++days_asked) {
    const auto validity = ca::resolve_validity({days_asked, Type::days}, std::nullopt, kNow, std::nullopt);
    CHECK(validity.not_after - validity.not_before == seconds{days_asked * 86400 + 3600});
  }
}

TEST_CASE("validity: months and years are calendar arithmetic clamped to the end of the month",
          "[issuance]") {
  CHECK(end_of(1, Type::months, at(2021, 1, 31, 12)) == "2021-02-28T12:00:00Z");
  CHECK(end_of(1, Type::months, at(2024, 1, 31, 12)) == "2024-02-29T12:00:00Z");
  CHECK(end_of(13, Type::months, at(2021, 12, 15)) == "2023-01-15T00:00:00Z");
  CHECK(end_of(12, Type::months, at(2024, 2, 29)) == "2025-02-28T00:00:00Z");
  CHECK(end_of(1, Type::years, at(2024, 2, 29, 1, 2, 3)) == "2025-02-28T01:02:03Z");
  CHECK(end_of(4, Type::years, at(2024, 2, 29)) == "2028-02-29T00:00:00Z");
  CHECK(end_of(365, Type::years) == "2386-03-08T16:46:27Z");
}

TEST_CASE("validity: an end date is read with and without its leading zeros", "[issuance]") {
  CHECK(end_of(491231235959, Type::end_date) == "2049-12-31T23:59:59Z");
  CHECK(end_of(20491231235959, Type::end_date) == "2049-12-31T23:59:59Z");
  CHECK(end_of(99991231235959, Type::end_date) == "9999-12-31T23:59:59Z");
  CHECK(end_of(220308164628, Type::end_date) == "2022-03-08T16:46:28Z");
  // 09 as UTCTime loses its zero: eleven digits.
  CHECK(ca::rfc3339(
            ca::resolve_validity({90101000000, Type::end_date}, std::nullopt, at(2008, 1, 1), std::nullopt)
                .not_after) == "2009-01-01T00:00:00Z");
  refused(500101000000, Type::end_date);    // 1950: past
  refused(991231235959, Type::end_date);    // 1999: past
  refused(20220229000000, Type::end_date);  // no such day
  refused(20221301000000, Type::end_date);
  refused(20220101240000, Type::end_date);
  refused(20220101006000, Type::end_date);
  refused(20220101000060, Type::end_date);
  refused(220229000000, Type::end_date);
  refused(2022, Type::end_date);
  refused(9999999999, Type::end_date);
  refused(100000000000000, Type::end_date);
  refused(1000101000000, Type::end_date);  // the year 100
}

TEST_CASE("validity: an absolute end is seconds since 1970 and in the future", "[issuance]") {
  const long now = ca::to_seconds(kNow).time_since_epoch().count();
  CHECK(end_of(now + 1, Type::absolute) == "2021-03-08T16:46:28Z");
  refused(now, Type::absolute);
  refused(now - 1, Type::absolute);
  refused(1, Type::absolute);
}

TEST_CASE("validity: huge and zero and negative values are refused without overflow", "[issuance][I16]") {
  for (const Type type : {Type::end_date, Type::absolute, Type::days, Type::months, Type::years}) {
    refused(std::numeric_limits<long>::max(), type);
    refused(std::numeric_limits<long>::max() / 2, type);
    refused(std::numeric_limits<long>::max() / 1000, type);
    refused(std::numeric_limits<long>::min(), type);
    refused(0, type);
    refused(-1, type);
  }
  refused(253402300800, Type::absolute);  // 10000-01-01
  CHECK(end_of(253402300799, Type::absolute) == "9999-12-31T23:59:59Z");
  refused(7979, Type::years);
  CHECK(end_of(7978, Type::years) == "9999-03-08T16:46:27Z");
  refused(7979 * 12, Type::months);
  refused(2932897, Type::days);
  refused(32768L * 12, Type::months);
  refused(32768, Type::years);
}

TEST_CASE("validity: a notBefore is absolute and does not move the end", "[issuance]") {
  const long asked = ca::to_seconds(at(2021, 4, 1)).time_since_epoch().count();
  const auto validity =
      ca::resolve_validity({365, Type::days}, ValidityRequest{asked, Type::absolute}, kNow, std::nullopt);
  CHECK(ca::rfc3339(validity.not_before) == "2021-04-01T00:00:00Z");
  CHECK(ca::rfc3339(validity.not_after) == "2022-03-08T16:46:27Z");
  for (const Type type : {Type::end_date, Type::days, Type::months, Type::years}) {
    CHECK_THROWS_AS(ca::resolve_validity({365, Type::days}, ValidityRequest{asked, type}, kNow, std::nullopt),
                    ca::Error);
  }
  CHECK_THROWS_WITH(
      ca::resolve_validity({1, Type::days}, ValidityRequest{asked, Type::absolute}, kNow, std::nullopt),
      Contains("ends before it begins"));
  for (const long bad : {std::numeric_limits<long>::max(), std::numeric_limits<long>::min(), -631152001L}) {
    CHECK_THROWS_AS(
        ca::resolve_validity({1, Type::days}, ValidityRequest{bad, Type::absolute}, kNow, std::nullopt),
        ca::Error);
  }
}

TEST_CASE("validity: the default notBefore is not moved before the issuer's", "[issuance][I10]") {
  const auto begin = [](ca::TimePoint issuer_begin, const std::optional<ValidityRequest>& not_before) {
    const ca::Validity issuer{ca::to_seconds(issuer_begin), ca::to_seconds(at(2040, 1, 1))};
    return ca::rfc3339(ca::resolve_validity({1, Type::days}, not_before, kNow, issuer).not_before);
  };
  CHECK(begin(at(2021, 3, 8, 15, 46, 26), std::nullopt) == "2021-03-08T15:46:27Z");
  CHECK(begin(at(2021, 3, 8, 15, 46, 28), std::nullopt) == "2021-03-08T15:46:28Z");
  CHECK(begin(at(2021, 3, 8, 16, 46, 27), std::nullopt) == "2021-03-08T16:46:27Z");
  // One that was asked for is not changed: build_tbs refuses it.
  const long asked = ca::to_seconds(at(1970, 1, 1)).time_since_epoch().count();
  CHECK(begin(at(2021, 3, 8), ValidityRequest{asked, Type::absolute}) == "1970-01-01T00:00:00Z");
}

TEST_CASE("validity: an issuer that is not valid yet issues nothing", "[issuance][I10]") {
  const ca::Validity issuer{ca::to_seconds(kNow) + seconds{1}, ca::to_seconds(at(2040, 1, 1))};
  const long later = issuer.not_before.time_since_epoch().count() + 10;
  for (const auto& not_before : {std::optional<ValidityRequest>{}, {{later, Type::absolute}}}) {
    try {
      (void)ca::resolve_validity({30, Type::days}, not_before, kNow, issuer);
      FAIL("accepted");
    } catch (const ca::Error& error) {
      CHECK(error.code() == ca::Code::invalid_state);
      CHECK_THAT(std::string{error.what()},
                 StartsWith("The certificate authority is not in a valid state for issuing certificates"));
    }
  }
  CHECK_NOTHROW(ca::resolve_validity({30, Type::days}, std::nullopt, kNow + seconds{1}, issuer));
}
