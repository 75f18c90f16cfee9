"""Files gone: destroying the bytes of a purged file, and finding bytes that no row names.

The order is: the row says `destroyed_at`, that is committed, then the bytes go. The other way round, a transaction
that fails at its end would leave a row that still promises a file, and evidence would be lost without a word. This
way a crash leaves, at worst, bytes that nobody is served any more; `orphans` finds them, and destroying again is
harmless. The original goes before its preview: it is the one that must not be left behind, with everything it has.

On a disk, destroying removes the file for good as far as the file system goes; what a snapshot, a backup or a
versioned bucket still holds is for whoever runs those.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from service.core.storage import STAGING, Store
from service.evidence.places import FOLDER, original_key, preview_key
from service.records.evidence import Evidence


def destroy(store: Store, evidence: Evidence) -> None:
    """Destroy a file's bytes, once its row is committed as destroyed. May be called again; raises Unavailable.

    Raises ValueError for a file that still stands.
    """
    if evidence.destroyed_at is None:
        raise ValueError("Mark the file as destroyed, and commit that, before its bytes go")
    store.destroy(original_key(evidence.id))
    store.destroy(preview_key(evidence.id))


def orphans(store: Store, standing: Collection[str], before: datetime) -> Iterator[str]:
    """Keys that no standing file needs: uploads whose transaction never committed, destructions cut short by a crash.

    `standing` are the ids of every file that is not destroyed, read *after* `before`; what was kept at or after
    `before` (aware) is left alone, since its transaction may still be under way: an hour ago is safe.
    """
    for prefix in (FOLDER, STAGING):
        for kept in store.list(prefix):
            parts = kept.key.split("/")
            if kept.modified < before and (prefix == STAGING or parts[1] not in standing):
                yield kept.key
