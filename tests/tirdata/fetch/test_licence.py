"""Licences as people write them."""

import pytest

from tirdata.errors import FetchError
from tirdata.fetch.licence import check_licence, licence_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CC0", "cc0"),
        ("CC0 1.0 Universal", "cc0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0"),
        ("CC BY 4.0", "cc-by"),
        ("cc-by-sa-3.0", "cc-by-sa"),
        ("Creative Commons Attribution license (reuse allowed)", "cc-by"),
        ("Creative Commons Attribution-NonCommercial-NoDerivs", "cc-by-nc-nd"),
        ("https://creativecommons.org/licenses/by-nc/4.0/", "cc-by-nc"),
        ("Public Domain", "public-domain"),
        ("MIT", "mit"),
        ("All rights reserved by the author", "all-rights-reserved-by-the-author"),
    ],
)
def test_a_licence_has_one_name(text: str, name: str) -> None:
    assert licence_name(text) == name


def test_only_wanted_licences_pass() -> None:
    check_licence("clip", None, ())
    check_licence("clip", "CC-BY-4.0", ("cc0", "cc-by"))
    with pytest.raises(
        FetchError, match=r"clip: its licence is CC BY-SA 4\.0; wanted is cc0, cc-by"
    ):
        check_licence("clip", "CC BY-SA 4.0", ("cc0", "cc-by"))
    with pytest.raises(FetchError, match="its licence is not stated"):
        check_licence("clip", None, ("cc0",))
