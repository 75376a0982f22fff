def pytest_configure(config):
    config.addinivalue_line("markers", "expensive: needs several gigabytes of memory for seconds")
