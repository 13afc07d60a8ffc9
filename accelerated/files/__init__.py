"""Files of vectors, as people who search for neighbours exchange them: read lazily, and written as a whole."""

from accelerated.files.formats import open_rows
from accelerated.files.memmaps import of_memmap
from accelerated.files.neighbors import read_neighbors, write_neighbors
from accelerated.files.read_ahead import read_ahead
from accelerated.files.rows_file import RowsFile
from accelerated.files.writing import write_rows

__all__ = ["RowsFile", "of_memmap", "open_rows", "read_ahead", "read_neighbors", "write_neighbors", "write_rows"]
