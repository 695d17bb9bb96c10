import pytest

from tests.support.running import Running


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    chancery = Running(tmp_path_factory.mktemp("chancery"))
    yield chancery
    chancery.quickstart("stop")
