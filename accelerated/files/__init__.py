"""Files of vectors, as people who search for neighbours exchange them: read lazily, and written as a whole."""

from accelerated.files.formats import open_rows
from accelerated.files.rows_file import RowsFile

__all__ = ["RowsFile", "open_rows"]
