"""Whether the work could be done this minute, as a code; cheap enough to be asked all day."""

from __future__ import annotations

from renkei.config.main import Main
from renkei.config.store import store_at
from renkei.errors import NoRoomError, NoStoreError, RenkeiError
from renkei.store.schema import HEAD, refuse_no_place, refuse_no_room, seen_beside, standing


def unready(main: Main) -> str | None:
    """
    Return why the store of *main* cannot be worked with, None if it can; nothing is changed.

    ``migrations``: it is of an older renkei; ``store_gone``: there was one; ``room``: its disk is
    full; else the code of the error. A store that is still to be made is no reason.
    """
    try:
        place = store_at(main.store, main.path.parent)
        try:
            found = standing(place)
        except NoStoreError:
            if seen_beside(place, main.path).exists():
                return "store_gone"
            refuse_no_place(place)
            found = HEAD
        refuse_no_room(place)
    except NoRoomError:
        return "room"
    except RenkeiError as error:
        return error.code
    return None if found == HEAD else "migrations"
