#include "common/signals.h"

#include <signal.h>
#include <unistd.h>

#include "common/net.h"

namespace klh {

namespace {

volatile sig_atomic_t stop = 0;

// A signal can come after the flag was looked at and before the system call
// blocks; that call would sleep through it. So the handler asks for an alarm
// one second later, which interrupts the sleep, and so on until we are gone.
void request_stop(int signal_number) {
  if (stop == 0 || signal_number != SIGALRM) stop = signal_number;
  alarm(1);
}

void handle(int signal_number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  if (sigaction(signal_number, &action, nullptr) < 0) die("sigaction");
}

bool is_ignored(int signal_number) {
  struct sigaction action {};
  if (sigaction(signal_number, nullptr, &action) < 0) die("sigaction");
  return action.sa_handler == SIG_IGN;
}

}  // namespace

void install_signal_handlers() {
  handle(SIGINT, request_stop);
  handle(SIGTERM, request_stop);
  handle(SIGALRM, request_stop);
  if (!is_ignored(SIGHUP)) handle(SIGHUP, request_stop);
  handle(SIGPIPE, SIG_IGN);
  handle(SIGXFSZ, SIG_IGN);
}

bool stop_requested() {
  return stop != 0;
}

int stop_signal() {
  return stop;
}

void forget_stop_request() {
  alarm(0);
  stop = 0;
}

}  // namespace klh
