#!/usr/bin/env python3
"""Tests of what `sizes` makes of two tables; nothing is built. Run it as it is."""

import contextlib
import importlib.machinery
import importlib.util
import io
import pathlib
import unittest

PATH = pathlib.Path(__file__).resolve().with_name("sizes")
LOADER = importlib.machinery.SourceFileLoader("sizes", str(PATH))
sizes = importlib.util.module_from_spec(importlib.util.spec_from_loader("sizes", LOADER))
LOADER.exec_module(sizes)

CELL = sizes.Cell("Flash", "server", sizes.TARGETS[1])


def table(size):
    """All cells are of this size."""
    cells = [sizes.Cell(memory, program, target)
             for memory in sizes.MEMORIES for program in sizes.PROGRAMS for target in sizes.TARGETS]
    cells += [sizes.Cell(memory, firmware, sizes.BOARD)
              for memory in sizes.FIRMWARE_MEMORIES for firmware in sizes.FIRMWARES]
    return sizes.Table("rustc", {cell: size for cell in cells})


class Check(unittest.TestCase):
    def check(self, old, new):
        """One cell was of `old` bytes and is of `new`: whether it failed, and what it said."""
        before, now = table(1000), table(1000)
        before.sizes[CELL], now.sizes[CELL] = old, new
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            return sizes.check(before, now), said.getvalue()

    def test_growth_is_told_by_cell_bytes_and_percent(self):
        failed, said = self.check(10_000, 10_201)
        self.assertTrue(failed)
        self.assertIn("Flash of server for thumbv7m-none-eabi: 10,000 -> 10,201 bytes (+201, +2.0 %)", said)
        self.assertIn("sizes --declare", said)

    def test_two_percent_are_allowed(self):
        self.assertFalse(self.check(10_000, 10_200)[0])

    def test_sixteen_bytes_are_allowed_to_the_small(self):
        self.assertFalse(self.check(0, 16)[0])
        self.assertTrue(self.check(0, 17)[0])

    def test_what_shrinks_is_told_and_allowed(self):
        failed, said = self.check(10_000, 9_000)
        self.assertFalse(failed)
        self.assertIn("smaller", said)

    def test_a_program_that_is_not_declared_fails(self):
        before = table(1000)
        del before.sizes[CELL]
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertTrue(sizes.check(before, table(1000)))
        self.assertIn("is not declared", said.getvalue())


class Page(unittest.TestCase):
    def test_what_is_written_is_read_again(self):
        written = table(1_234_567)
        written.sizes[CELL] = 5
        self.assertEqual(sizes.read(sizes.page(written)), written)

    def test_each_program_has_its_line(self):
        files = {path.stem for path in PATH.parent.glob("size_probes/src/bin/*.rs")}
        self.assertEqual(files, set(sizes.PROGRAMS))

    def test_each_firmware_that_is_weighed_is_there(self):
        files = {path.stem for path in PATH.parent.glob("src/bin/*.rs")}
        self.assertLessEqual(set(sizes.FIRMWARES), files)


if __name__ == "__main__":
    unittest.main()
