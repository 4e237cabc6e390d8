"""Compiled loops that find words and numbers in the bytes of vector files; they release the interpreter's lock.

Arrays are written in place. Nothing is read outside the buffer, whatever stands in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from firth.compute.compiling import compiled

DONE, NEEDS_MORE, TOO_FEW, NO_WORD, LONG_WORD = 0, 1, 2, 3, 4
"""Why a kernel stopped: the buffer is used up; a record goes on after it; a line has too few numbers, or no word; a
word is longer than any."""

_SPACE, _TAB, _NEWLINE, _RETURN = 32, 9, 10, 13
_MOST_DIGITS = 18
_EXACT = 1 << 53
_POWERS = 10.0 ** np.arange(23)


@compiled
def split_binary(buffer: Any, longest: int, starts: Any, ends: Any, rows: Any) -> tuple[int, int, int]:
    """Cut records of word2vec's binary format: line ends, a word, a space, the numbers' bytes.

    Parameters
    ----------
    buffer
        uint8 (B,).
    longest
        Of a word, in bytes.
    starts, ends
        int64 (N,): written, where each word lies.
    rows
        uint8 (N, 4 D): written, the numbers' bytes.

    Returns
    -------
    count, used, status
        Records found, bytes of them, and why it stopped.
    """
    place = 0
    for count in range(len(starts)):
        start = place
        while start < len(buffer) and buffer[start] == _NEWLINE:
            start += 1
        end = start
        while end < len(buffer) and buffer[end] != _SPACE:
            end += 1
            if end - start > longest:
                return count, place, LONG_WORD
        if end + 1 + rows.shape[1] > len(buffer):
            return count, place, NEEDS_MORE
        if end == start:
            return count, place, NO_WORD
        starts[count], ends[count] = start, end
        first = end + 1
        for byte in range(rows.shape[1]):
            rows[count, byte] = buffer[first + byte]
        place = first + rows.shape[1]
    return len(starts), place, DONE


@compiled
def join_words(buffer: Any, starts: Any, ends: Any, separator: int, joined: Any) -> None:
    """Copy words behind each other, a separator between each two; joined: uint8, of exactly the length."""
    place = 0
    for word in range(len(starts)):
        for byte in range(starts[word], ends[word]):
            joined[place] = buffer[byte]
            place += 1
        if place < len(joined):
            joined[place] = separator
            place += 1


@compiled
def split_text(buffer: Any, starts: Any, ends: Any, rows: Any, odd: Any, counts: Any) -> tuple[int, int, int]:
    """Cut whole lines of a word and D numbers. The numbers are the last D fields, the word all before them.

    Parameters
    ----------
    buffer
        uint8 (B,), ending with a line end.
    starts, ends
        int64 (N,): written, where each word lies.
    rows
        float32 (N, D): written.
    odd
        int64 (M, 4): written, (row, column, start, end) of numbers that are left to the caller: long ones, and no
        numbers at all.
    counts
        int64 (1,): written, how many are left to the caller.

    Returns
    -------
    count, used, status
        Lines read, bytes of them, and why it stopped.
    """
    dimensions = rows.shape[1]
    place, left = 0, 0
    counts[0] = 0
    for count in range(len(starts)):
        if place >= len(buffer):
            return count, place, DONE
        stop = place
        while stop < len(buffer) and buffer[stop] != _NEWLINE:
            stop += 1
        following = stop + 1
        while stop > place and (buffer[stop - 1] == _SPACE or buffer[stop - 1] == _TAB or buffer[stop - 1] == _RETURN):
            stop -= 1
        if left + dimensions > len(odd):
            return count, place, DONE
        # From the right, as a word may hold spaces.
        end = stop
        for column in range(dimensions - 1, -1, -1):
            begin = end
            while begin > place and buffer[begin - 1] != _SPACE and buffer[begin - 1] != _TAB:
                begin -= 1
            if begin == place:
                return count, place, TOO_FEW if stop > place else NO_WORD
            number, understood = _number(buffer, begin, end)
            rows[count, column] = number
            if not understood:
                odd[left, 0], odd[left, 1], odd[left, 2], odd[left, 3] = count, column, begin, end
                left += 1
            end = begin
            while end > place and (buffer[end - 1] == _SPACE or buffer[end - 1] == _TAB):
                end -= 1
        if end == place:
            return count, place, NO_WORD
        starts[count], ends[count] = place, end
        place = following
        counts[0] = left
    return len(starts), place, DONE


@compiled
def _number(buffer: Any, start: int, end: int) -> tuple[float, bool]:
    """Read a decimal number exactly where float64 arithmetic is exact; otherwise say that it was not understood."""
    negative = start < end and buffer[start] == 45
    if negative or (start < end and buffer[start] == 43):
        start += 1
    digits, mantissa, exponent, seen_point, any_digit = 0, 0, 0, False, False
    while start < end:
        byte = buffer[start]
        if 48 <= byte <= 57:
            any_digit = True
            mantissa = mantissa * 10 + (byte - 48)
            digits += mantissa > 0
            exponent -= seen_point
            if digits > _MOST_DIGITS:
                return 0.0, False
        elif byte == 46 and not seen_point:
            seen_point = True
        else:
            break
        start += 1
    if not any_digit:
        return 0.0, False
    if start < end:
        if buffer[start] != 101 and buffer[start] != 69:
            return 0.0, False
        start += 1
        minus = start < end and buffer[start] == 45
        if minus or (start < end and buffer[start] == 43):
            start += 1
        if start == end or end - start > 4:
            return 0.0, False
        power = 0
        while start < end:
            byte = buffer[start]
            if not 48 <= byte <= 57:
                return 0.0, False
            power = power * 10 + (byte - 48)
            start += 1
        exponent += -power if minus else power
    if mantissa > _EXACT or exponent > 22 or exponent < -22:
        return 0.0, False
    number = float(mantissa)
    if exponent < 0:
        number /= _POWERS[-exponent]
    else:
        number *= _POWERS[exponent]
    return (-number if negative else number), True


@compiled
def add_ngrams(
    text: Any, starts: Any, ends: Any, lengths: tuple[int, int], buckets: Any, sums: Any, counts: Any
) -> None:
    """Add the rows of words' letter n-grams, hashed as fastText hashes them (FNV-1a, bytes taken as signed).

    Parameters
    ----------
    text, starts, ends
        uint8 (B,), int64 (N,), int64 (N,): where words lie, each with ``<`` and ``>`` around it.
    lengths
        Letters of the shortest and of the longest n-gram.
    buckets
        float32 (buckets, D).
    sums, counts
        float64 (N, D) and int64 (N,): added to, the rows and their number.
    """
    shortest, longest = lengths
    for word in range(len(starts)):
        for start in range(starts[word], ends[word]):
            if text[start] & 0xC0 == 0x80:  # inside a letter
                continue
            value, stop = np.uint32(2166136261), start
            for letters in range(1, longest + 1):
                if stop >= ends[word]:
                    break
                first = True
                while stop < ends[word] and (first or text[stop] & 0xC0 == 0x80):
                    byte = np.uint32(text[stop])
                    if byte > 127:
                        byte |= np.uint32(0xFFFFFF00)
                    value = np.uint32((value ^ byte) * np.uint32(16777619))
                    stop += 1
                    first = False
                alone = letters == 1 and (start == starts[word] or stop == ends[word])
                if letters >= shortest and not alone:
                    bucket = np.int64(value) % len(buckets)
                    for column in range(sums.shape[1]):
                        sums[word, column] += buckets[bucket, column]
                    counts[word] += 1
