"""The browser of the page's tests, for reports."""

from tests.view.conftest import browser as browser
from tests.view.conftest import visit as visit
