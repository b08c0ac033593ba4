// When changes that were written to a journal are synced to the disk: before
// the reply, once a second, or when the system sees fit. It stands here since
// both the options and the journal know it.
#pragma once

namespace klh {

enum class SyncPolicy { always, everysec, no };

}  // namespace klh
