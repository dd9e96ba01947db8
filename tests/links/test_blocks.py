"""Ranges against a model that knows no ranges: one entry for each byte."""

from hypothesis import given
from hypothesis import strategies as st

from pytest_linkcheck.links.blocks import data_of, find_overlap, may_meet
from pytest_linkcheck.links.extents import Extent, ExtentFlag, ExtentMap

NONE = ExtentFlag(0)
ENCODED = ExtentFlag.ENCODED


@st.composite
def maps(draw: st.DrawFn) -> ExtentMap:
    """Draw a map over few addresses, so that two of them meet often.

    Compressed extents start at addresses of their own, 1000 apart, as on a real disk.
    """
    extents, logical = [], 0
    for _ in range(draw(st.integers(0, 6))):
        logical += draw(st.integers(0, 3))
        length = draw(st.integers(1, 6))
        flag = draw(st.sampled_from([NONE, NONE, ENCODED, ExtentFlag.UNWRITTEN]))
        inline = draw(st.integers(0, 9)) == 0
        if inline:
            extents.append(Extent(logical, 0, length, ExtentFlag.DATA_INLINE))
        elif flag is ENCODED:
            extents.append(Extent(logical, 1000 * draw(st.integers(1, 3)), length, flag))
        else:
            extents.append(Extent(logical, draw(st.integers(1, 20)), length, flag))
        logical += length
    return ExtentMap(tuple(extents))


Model = dict[int, tuple[str, int] | None]


def _model(told: ExtentMap, limit: int) -> Model:
    """Return for each offset with data the block it lies in: `None` for inline data."""
    found: Model = {}
    for extent in told.extents:
        for index in range(extent.length):
            offset = extent.logical + index
            if offset >= limit or extent.unwritten:
                continue
            if extent.inline:
                found[offset] = None
            elif extent.encoded:
                found[offset] = ("extent", extent.physical)
            else:
                found[offset] = ("block", extent.physical + index)
    return found


@given(maps(), maps(), st.integers(0, 30))
def test_an_overlap_is_that_of_the_bytes(one: ExtentMap, two: ExtentMap, limit: int) -> None:
    first, second = _model(one, limit), _model(two, limit)
    overlap = find_overlap(one, two, limit)
    assert (overlap.one_bytes, overlap.two_bytes) == (len(first), len(second))
    blocks = {block for block in first.values() if block} & set(second.values())
    assert overlap.one_shared == sum(block in blocks for block in first.values())
    assert overlap.two_shared == sum(block in blocks for block in second.values())
    same = {offset for offset, block in first.items() if block and second.get(offset) == block}
    packed = {offset for offset in same if (first[offset] or ("", 0))[0] == "extent"}
    assert overlap.aligned == len(same - packed)
    unsettled = [
        offset for start, length in overlap.unsettled for offset in range(start, start + length)
    ]
    assert sorted(unsettled) == sorted(packed)
    assert overlap.total_bytes == max(len(first), len(second))
    assert overlap.shared_bytes == min(overlap.one_shared, overlap.two_shared)


@given(maps(), maps(), st.integers(0, 30))
def test_the_order_of_two_files_does_not_matter(one: ExtentMap, two: ExtentMap, limit: int) -> None:
    there, back = find_overlap(one, two, limit), find_overlap(two, one, limit)
    assert (there.one_bytes, there.one_shared) == (back.two_bytes, back.two_shared)
    assert (there.aligned, there.unsettled) == (back.aligned, back.unsettled)
    assert may_meet(one, two) == may_meet(two, one)


@given(maps(), maps())
def test_what_cannot_meet_has_nothing_in_common(one: ExtentMap, two: ExtentMap) -> None:
    if not may_meet(one, two):
        assert find_overlap(one, two, 100).shared_bytes == 0


@given(maps(), st.data())
def test_how_a_file_is_cut_into_extents_does_not_matter(
    one: ExtentMap, data: st.DataObject
) -> None:
    pieces = []
    for extent in one.extents:
        cut = data.draw(st.integers(0, extent.length))
        shift = 0 if extent.encoded or extent.inline else cut
        for start, length, moved in ((0, cut, 0), (cut, extent.length - cut, shift)):
            if length:
                physical = extent.physical + moved
                pieces.append(Extent(extent.logical + start, physical, length, extent.flags))
    overlap = find_overlap(one, ExtentMap(tuple(pieces)), 100)
    assert overlap == find_overlap(one, one, 100) or sum(
        length for _start, length in overlap.unsettled
    ) == sum(length for _start, length in find_overlap(one, one, 100).unsettled)
    assert overlap.aligned == find_overlap(one, one, 100).aligned


def test_an_address_of_zero_is_none() -> None:
    zero = ExtentMap((Extent(0, 0, 4096, NONE),))
    far = ExtentMap((Extent(0, 2**30, 4096, NONE),))
    assert may_meet(zero, far)
    assert not may_meet(far, ExtentMap(()))
    assert not may_meet(far, ExtentMap((Extent(0, 2**30 + 4096, 4096, NONE),)))


def test_room_behind_the_end_of_a_file_holds_no_data() -> None:
    told = ExtentMap((Extent(0, 4096, 4096, NONE), Extent(8192, 16384, 4096, NONE)))
    assert [(extent.logical, extent.length) for extent in data_of(told, 100)] == [(0, 100)]
    assert [extent.length for extent in data_of(told, 8193)] == [4096, 1]
