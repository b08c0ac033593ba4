// When changes that were written to a journal are synced to the disk: before
// the reply, once a second, or when the system sees fit. See journal.h.
#pragma once

namespace klh {

enum class SyncPolicy { always, everysec, no };

}  // namespace klh
