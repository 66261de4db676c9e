"""Several parts of one data set, pretrained on together."""

from selftaught.data.resident import Resident
from selftaught.data.source import Source
from selftaught.data.streamed import Streamed
from selftaught.errors import Refusal


def join(*sources: Source) -> Source:
    """The pictures of all sources, in their order, as one source; labels stay where a part has them.

    Raises:
        Refusal: the parts live in different ways (one in memory, one streamed).
    """
    first, *others = sources
    if not others:
        return first
    if all(isinstance(source, Resident) for source in sources):
        return Resident.joined([source for source in sources if isinstance(source, Resident)])
    if all(isinstance(source, Streamed) for source in sources):
        return Streamed.joined([source for source in sources if isinstance(source, Streamed)])
    raise Refusal("Pictures in memory and pictures on disk cannot be pretrained on together.")
