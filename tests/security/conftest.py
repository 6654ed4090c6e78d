"""The deployment of this folder is the one of the integration tests: simulator, web and worker as real processes."""

from tests.integration.conftest import shared_deployment

__all__ = ["shared_deployment"]
