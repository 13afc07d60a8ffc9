"""Files of vectors, as people who search for neighbours exchange them: read lazily, and written as a whole."""

from accelerated.files.formats import open_rows
from accelerated.files.memmaps import of_memmap
from accelerated.files.read_ahead import read_ahead
from accelerated.files.rows_file import RowsFile

__all__ = ["RowsFile", "of_memmap", "open_rows", "read_ahead"]
