#include "daemon/cli/service_arguments.hpp"

#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>

#include "ca/base/error.hpp"
#include "daemon/cli/failure.hpp"

namespace cli {
namespace {

constexpr std::size_t kMaxListBytes = std::size_t{16} * 1024 * 1024;
constexpr int kListAttempts = 6;  // about half a minute
constexpr std::chrono::milliseconds kFirstPause{500};

std::string list_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file || text.size() > kMaxListBytes) {
    throw Usage{"--where devices=@" + path + ": the file cannot be read, or is larger than 16 MiB"};
  }
  return text;
}

std::string first_of(const std::string& given, std::initializer_list<const char*> variables) {
  if (!given.empty()) {
    return given;
  }
  for (const char* variable : variables) {
    if (const auto value = client::process_environment(variable)) {
      return *value;
    }
  }
  return "";
}

template <class Value>
std::optional<Value> if_given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<Value>{text};
}

void pause_for(std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock{mutex};
  (void)never.wait_for(lock, time, [] { return false; });
}

client::Reply page_reply(client::ServiceClient& service, const std::string& query) {
  auto pause = kFirstPause;
  for (int attempt = 1;; ++attempt) {
    try {
      client::Reply reply = service.certificates(query);
      if (!reply.may_pass() || attempt == kListAttempts) {
        return reply;
      }
    } catch (const ca::Error&) {
      if (attempt == kListAttempts || attempt == 1) {  // a first call that fails is rather a wrong argument
        throw;
      }
    }
    pause_for(pause);
    pause *= 2;
  }
}

void read_target(const ServiceArguments& arguments, Target& target) {
  client::Service& service = target.service;
  service.endpoint = first_of(arguments.endpoint, {"CHANCERY_ENDPOINT", "AWS_ENDPOINT_URL_ACM_PCA"});
  while (service.endpoint.ends_with('/')) {
    service.endpoint.pop_back();
  }
  try {
    client::check_endpoint(service.endpoint);
    target.authority = ca::AuthorityArn::parse(arguments.authority);
  } catch (const ca::Error& error) {
    throw Usage{error.what()};
  }
  service.region = target.authority.region;
  service.credentials = client::find_credentials(
      {if_given<std::string>(arguments.profile), if_given<std::filesystem::path>(arguments.credentials_file)},
      client::process_environment);
  service.transfer.ca_bundle =
      if_given<std::filesystem::path>(first_of(arguments.ca_bundle, {"AWS_CA_BUNDLE"}));
}

}  // namespace

void add_service_arguments(CLI::App& verb, ServiceArguments& arguments) {
  verb.add_option("--endpoint", arguments.endpoint,
                  "https://HOST:PORT of the daemon; else CHANCERY_ENDPOINT or AWS_ENDPOINT_URL_ACM_PCA");
  verb.add_option(
      "--ca-bundle", arguments.ca_bundle,
      "PEM file with the only certificates that are trusted; else AWS_CA_BUNDLE, else the system's");
  verb.add_option(
      "--profile", arguments.profile,
      "of the credentials file; without it AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, else AWS_PROFILE");
  verb.add_option("--credentials-file", arguments.credentials_file,
                  "else AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials");
  verb.add_option("--authority", arguments.authority, "ARN of the certificate authority")->required();
}

void add_selection_arguments(CLI::App& verb, SelectionArguments& arguments) {
  add_service_arguments(verb, arguments);
  verb.add_option(
      "--where", arguments.where,
      "device=ID, devices=@FILE, key-sha256=HEX, template=NAME, issued-after=TIME, issued-before=TIME; "
      "all that are given must fit");
  verb.add_flag("--all", arguments.all, "every certificate of the authority");
}

std::unique_ptr<Target> target_of(const ServiceArguments& arguments) {
  auto target = std::make_unique<Target>();
  read_target(arguments, *target);
  return target;
}

std::unique_ptr<SelectionTarget> selection_target_of(const SelectionArguments& arguments) {
  const int ways = (arguments.where.empty() ? 0 : 1) + (arguments.all ? 1 : 0) + (arguments.listed ? 1 : 0);
  if (ways != 1) {
    throw Usage{"say which certificates, in one way: --where CONDITION..., or --all"};
  }
  auto target = std::make_unique<SelectionTarget>();
  try {
    target->conditions = client::parse_conditions(arguments.where, list_of);
  } catch (const ca::Error& error) {
    throw Usage{error.what()};
  }
  read_target(arguments, *target);
  return target;
}

void for_each_page(const SelectionTarget& target, const std::string& more,
                   const std::function<bool(const client::Page&)>& take) {
  const ca::SystemClock clock;
  client::ServiceClient service{target.service, clock};
  for (const std::string& query : client::queries_of(target.authority, target.conditions)) {
    std::string cursor;
    do {
      const client::Reply reply = page_reply(service, query + more + cursor);
      if (reply.status != 200) {
        throw Failure{"the certificates could not be listed: " + reply.error +
                          (reply.detail.empty() ? "" : ": " + reply.detail),
                      target.service.endpoint, "", "nothing was changed"};
      }
      const client::Page page = client::read_page(reply.body);
      if (!take(page)) {
        return;
      }
      cursor = page.next_cursor ? "&cursor=" + *page.next_cursor : "";
    } while (!cursor.empty());
  }
}

}  // namespace cli
