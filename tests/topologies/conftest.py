"""The model that the deployments of these tests ask, and a watch on what they leave."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack.offline import OfflineModel


@pytest.fixture(scope="module")
def offline_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineModel]:
    model = OfflineModel(tmp_path_factory.mktemp("model"))
    yield model
    model.stop()
