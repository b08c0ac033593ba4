// The signals that ask a server to end, and those it must not die of.
//
// The handler only sets a flag: hardly anything else is allowed in one
// (signal-safety(7)). It is installed without SA_RESTART, so that a blocking
// accept, read or poll returns EINTR and its caller gets to look at the flag.
// Whoever sees EINTR asks stop_requested(), then stops or calls again.
#pragma once

namespace klh {

// Makes SIGINT and SIGTERM set the flag, and SIGHUP, when a terminal closes,
// unless nohup(1) has had it ignored. SIGPIPE is ignored: a write to a
// connection that the peer has closed then fails with EPIPE instead of killing
// us. So is SIGXFSZ: a write beyond the largest file allowed (ulimit -f) fails
// with EFBIG.
void install_signal_handlers();

bool stop_requested();

// Returns the signal that asked for it; 0 if none has.
int stop_signal();

// Clears the flag, for a server that cannot end yet: it goes on until it is
// asked again.
void forget_stop_request();

}  // namespace klh
