#include <stdexcept>
#include <thread>
#include <vector>

#include "daemon/ops/metrics.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("metrics: counters add up by their labels", "[ops]") {
  ops::Metrics metrics;
  metrics.add("chancery_issued_total", "certificates issued", {{"result", "ok"}});
  metrics.add("chancery_issued_total", "certificates issued", {{"result", "ok"}}, 2);
  metrics.add("chancery_issued_total", "certificates issued", {{"result", "failed"}}, 0);
  const std::string text = metrics.render();
  CHECK_THAT(text, Contains("# HELP chancery_issued_total certificates issued\n"));
  CHECK_THAT(text, Contains("# TYPE chancery_issued_total counter\n"));
  CHECK_THAT(text, Contains("chancery_issued_total{result=\"ok\"} 3"));
  CHECK_THAT(text, Contains("chancery_issued_total{result=\"failed\"} 0"));
}

TEST_CASE("metrics: a gauge holds its last value", "[ops]") {
  ops::Metrics metrics;
  metrics.set("chancery_token_up", "1 while the token answers", 1);
  metrics.set("chancery_token_up", "1 while the token answers", 0);
  CHECK_THAT(metrics.render(), Contains("\nchancery_token_up 0"));
}

TEST_CASE("metrics: a gauge that is replaced has the new series and no others", "[ops]") {
  ops::Metrics metrics;
  const auto replace = [&](const ops::Metrics::Series& series) {
    metrics.replace("chancery_crls", "series of CRLs", series);
    return metrics.render();
  };
  const std::string both = replace({{{{"authority", "a"}}, 1}, {{{"authority", "b"}}, 2}});
  CHECK_THAT(both, Contains("chancery_crls{authority=\"a\"} 1"));
  CHECK_THAT(both, Contains("chancery_crls{authority=\"b\"} 2"));
  const std::string one = replace({{{{"authority", "b"}}, 3}});
  CHECK_THAT(one, !Contains("authority=\"a\""));
  CHECK_THAT(one, Contains("chancery_crls{authority=\"b\"} 3"));
  CHECK_THAT(replace({}), !Contains("authority="));
  CHECK_THAT(replace({{{{"authority", "a"}}, 4}}), Contains("chancery_crls{authority=\"a\"} 4"));
}

TEST_CASE("metrics: a histogram has buckets from half a millisecond to ten seconds", "[ops]") {
  ops::Metrics metrics;
  metrics.observe_seconds("chancery_sign_duration_seconds", "time of a signature", 0.0004);
  metrics.observe_seconds("chancery_sign_duration_seconds", "time of a signature", 0.3);
  metrics.observe_seconds("chancery_sign_duration_seconds", "time of a signature", 60);
  const std::string text = metrics.render();
  CHECK_THAT(text, Contains("chancery_sign_duration_seconds_bucket{le=\"0.0005\"} 1"));
  CHECK_THAT(text, Contains("chancery_sign_duration_seconds_bucket{le=\"0.25\"} 1"));
  CHECK_THAT(text, Contains("chancery_sign_duration_seconds_bucket{le=\"0.5\"} 2"));
  CHECK_THAT(text, Contains("chancery_sign_duration_seconds_bucket{le=\"10\"} 2"));
  CHECK_THAT(text, Contains("chancery_sign_duration_seconds_bucket{le=\"+Inf\"} 3"));
  CHECK_THAT(text, Contains("chancery_sign_duration_seconds_count 3"));
}

TEST_CASE("metrics: a source is read before each scrape and one that fails hides no other", "[ops]") {
  ops::Metrics metrics;
  int scrapes = 0;
  metrics.on_scrape([](ops::Metrics&) { throw std::runtime_error{"the store is away"}; });
  metrics.on_scrape([&](ops::Metrics& into) { into.set("chancery_scrapes", "how many", ++scrapes); });
  CHECK_THAT(metrics.render(), Contains("\nchancery_scrapes 1"));
  const std::string text = metrics.render();
  CHECK_THAT(text, Contains("\nchancery_scrapes 2"));
  CHECK_THAT(text, Contains("\nchancery_scrape_failures_total 2"));
}

TEST_CASE("metrics: threads that count and scrape together lose nothing", "[ops]") {
  ops::Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < 500; ++i) {
        metrics.add("chancery_requests_total", "requests");
        metrics.observe_seconds("chancery_request_seconds", "time", 0.01);
        if (i % 100 == 0) {
          (void)metrics.render();
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK_THAT(metrics.render(), Contains("\nchancery_requests_total 2000"));
}

TEST_CASE("metrics: one name is not used for two types", "[ops]") {
  ops::Metrics metrics;
  metrics.add("chancery_one", "a counter");
  CHECK_THROWS_AS(metrics.set("chancery_one", "a gauge", 1), std::invalid_argument);
}

TEST_CASE("metrics: label values are escaped", "[ops]") {
  ops::Metrics metrics;
  metrics.set("chancery_build_info", "the version", 1, {{"version", "1\"\n\\"}});
  CHECK_THAT(metrics.render(), Contains("version=\"1\\\"\\n\\\\\""));
}
