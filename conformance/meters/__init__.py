"""Measures the costs of calls: ``memory`` the peak of memory, ``growth`` the time for several sizes of the input."""
