"""The keys that say which store this is and how to speak to it.

Owns these keys' names and what contradicts what. Must not know boto3.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sinkworker.api import ConfigModel, Password

MEBIBYTE = 1024 * 1024


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("Expected http://host:port or https://host:port")
    if parts.username or parts.password:
        raise ValueError("Expected no user or password in it: there are keys for these")
    return text


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


MayBeEmpty = BeforeValidator(_none_if_empty)
Url = Annotated[Annotated[str, AfterValidator(_url)] | None, MayBeEmpty]
Text = Annotated[str | None, MayBeEmpty]
Secret = Annotated[Password | None, MayBeEmpty]
Encryption = Annotated[Literal["AES256", "aws:kms"] | None, MayBeEmpty]


class StoreConfig(ConfigModel):
    """Bucket, credentials, encryption, network."""

    s3_bucket_name: str = Field(min_length=3, max_length=63)
    """The bucket; it must exist."""
    s3_region: str = "us-east-1"
    """The region of the bucket."""
    store_url: Url = None
    """The address of a store that is not Amazon's, as http://localhost:8333."""
    s3_path_style_access_enabled: bool = True
    """Whether the bucket is part of the path; otherwise it is part of the host's name."""
    aws_access_key_id: Secret = None
    """Who we are; without it, boto3 looks where it always does: environment, files, the machine."""
    aws_secret_access_key: Secret = None
    """Its secret."""
    aws_session_token: Secret = None
    """And its token, when it is a temporary one."""
    s3_ssea_name: Encryption = None
    """How the store is told to encrypt files."""
    s3_sse_kms_key_id: Text = None
    """With which of its keys (needs s3.ssea.name=aws:kms)."""
    s3_acl_canned: Text = None
    """Who else may read files, as bucket-owner-full-control."""
    s3_proxy_url: Url = None
    """The HTTP proxy on the way to the store."""
    s3_proxy_user: Text = None
    """Who we are to it."""
    s3_proxy_password: Secret = None
    """And its password."""
    s3_part_size: int = Field(default=25 * MEBIBYTE, ge=5 * MEBIBYTE)
    """Larger files are sent in parts of so many bytes."""
    s3_part_retries: int = Field(default=3, ge=0)
    """How often the same bytes of a data file are sent again before the flush is given up."""

    @model_validator(mode="after")
    def _store_fits_together(self) -> StoreConfig:
        if (self.aws_access_key_id is None) != (self.aws_secret_access_key is None):
            raise ValueError("aws.access.key.id and aws.secret.access.key need each other")
        if self.aws_session_token is not None and self.aws_access_key_id is None:
            raise ValueError("aws.session.token needs aws.access.key.id")
        if self.s3_sse_kms_key_id is not None and self.s3_ssea_name != "aws:kms":
            raise ValueError("s3.sse.kms.key.id needs s3.ssea.name=aws:kms")
        if self.s3_proxy_user is not None and self.s3_proxy_url is None:
            raise ValueError("s3.proxy.user needs s3.proxy.url")
        return self
