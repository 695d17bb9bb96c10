#include "ca/authority/service_state.hpp"

namespace ca {
namespace {

constexpr std::size_t kSigningThreads = 8;  // rows signed at once after an outage

}  // namespace

void AuthorityService::State::start_background(std::function<void(const std::string&)> notice_sink) {
  notice = std::move(notice_sink);
  crew.emplace(kSigningThreads);
  key_loop.emplace(options.resume_backoff, [this] { return keep_keys(); });
  pending_loop.emplace(options.resume_backoff, [this] { return sign_pending(); });
  report_loop.emplace(options.resume_backoff, [this] { return write_reports(); });
  crl_loop.emplace(options.resume_backoff, [this] { return keep_crls(); });
  publish_loop.emplace(options.resume_backoff, [this] { return publish_crls(); });
  ocsp_loop.emplace(options.resume_backoff, [this] { return keep_ocsp(); });
  key_loop->start();
  pending_loop->start();
  report_loop->start();
  publish_loop->start();
  crl_loop->start();
  ocsp_loop->start();
}

void AuthorityService::State::stop_background() {
  {
    const std::lock_guard lock{mutex};
    stopping = true;
    changed.notify_all();
  }
  if (key_loop) {
    key_loop->stop();
    pending_loop->stop();
    report_loop->stop();
    crl_loop->stop();
    publish_loop->stop();
    ocsp_loop->stop();
    responder.tell_unissued(true);
    (void)responder.write_batches(true);
  }
}

void AuthorityService::State::say(const std::string& about, const std::string& message) {
  {
    const std::lock_guard lock{mutex};
    std::string& last = said[about];
    if (last == message) {
      return;
    }
    last = message;
    anything_noted = true;
  }
  if (notice) {
    notice(message);
  }
}

void AuthorityService::State::well(const std::string& about) {
  if (anything_noted) {
    const std::lock_guard lock{mutex};
    said.erase(about);
    anything_noted = !unusable_since.empty() || !said.empty();
  }
}

}  // namespace ca
