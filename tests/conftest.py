from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, database=None, max_examples=200)
settings.register_profile("deep", deadline=None, max_examples=5000)  # pytest --hypothesis-profile=deep
settings.load_profile("ci")
