"""What lasts of a run: `store` keeps entries, events and runs; `holder` lets one process at a time work on a run."""

from runner.journal.holder import Hold, Holder, process_start
from runner.journal.store import Journal, JournalBroken, Key

__all__ = ["Hold", "Holder", "Journal", "JournalBroken", "Key", "process_start"]
