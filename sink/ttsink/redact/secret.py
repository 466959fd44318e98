"""Rules for secrets that say what they are: a prefix, a structure, a vendor's format.

The formats are those gitleaks and the vendors' own documentation give. A prefix of four
characters and more is scanned for as it is; a shorter one together with its length.
"""

import re

from ttsink.redact import check
from ttsink.redact.rule import BEFORE, START, Rule

_STOP = rb"(?:[^0-9A-Za-z_-]|$)"


_LONG_RUN = re.compile(rb"\{([0-9]{2,})(?:,[0-9]*)?\}")
_SCAN_RUN = 10
"""Characters of a long run that are scanned for. All of them would multiply the states of the
combined pattern, and after a vendor's prefix ten say enough."""


def _start_of(pattern: bytes) -> bytes:
    """The pattern up to its first long run, which is shortened; it matches wherever that did."""
    run = _LONG_RUN.search(pattern)
    if run is None or pattern.count(b"(", 0, run.start()) != pattern.count(b")", 0, run.start()):
        return pattern
    start = pattern[: run.start()].replace(b"+/", b"+/%")  # a URL writes both as %2B and %2F
    return start + b"{%d}" % min(int(run[1]), _SCAN_RUN)


def _token(kind: str, pattern: bytes, scan: bytes = b"") -> Rule:
    return Rule(kind, scan or _start_of(pattern), BEFORE + b"(" + pattern + b")" + _STOP)


_WORD = rb"[0-9A-Za-z_-]"

PRIVATE_KEY = Rule(
    "private_key",
    rb"-----BEGIN[ A-Z0-9%+]{0,40}PRIVATE(?:[ +]|%(?:25)*20)KEY"
    rb"|PuTTY-User-Key-File|AGE-SECRET-KEY-1",
    rb"(-----BEGIN[ A-Z0-9+]{0,40}PRIVATE[ +]KEY(?:[ +]BLOCK)?-----(?s:.)*?"
    rb"(?:-----END[ A-Z0-9+]{0,40}PRIVATE[ +]KEY(?:[ +]BLOCK)?-----|$)"
    rb"|PuTTY-User-Key-File-[0-9](?s:.)*|AGE-SECRET-KEY-1[0-9A-Z]{58})",
)
JWT = Rule(
    "jwt",
    rb"ey[JI][0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{4}",
    BEFORE + rb"(ey[JI][0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{4,}(?:\.[0-9A-Za-z_-]*){1,3})",
    check.jwt,
)

TOKEN_RULES: tuple[Rule, ...] = (
    _token("aws_access_key", rb"(?:A3T[0-9A-Z]|AKIA|ASIA|ABIA|ACCA)[2-7A-Z]{16}"),
    _token("gcp_api_key", rb"AIza[0-9A-Za-z_-]{35}"),
    _token("gcp_oauth", rb"ya29\.[0-9A-Za-z_-]{20,}"),
    _token("gcp_oauth", rb"GOCSPX-[0-9A-Za-z_-]{28}"),
    Rule(
        "azure_key",
        rb"(?i:AccountKey|SharedAccessKey)=[0-9A-Za-z+/]{10}",
        rb"(?i:AccountKey|SharedAccessKey)=([0-9A-Za-z+/]{40,90}={0,2})",
    ),
    _token(
        "azure_client_secret",
        rb"[0-9A-Za-z_~.]{3}[0-9]Q~[0-9A-Za-z_~.-]{31,34}",
        rb"[0-9]Q~",
    ),
    _token("github_token", rb"gh[pousr]_[0-9A-Za-z]{36,}"),
    _token("github_token", rb"github_pat_[0-9A-Za-z_]{40,}"),
    _token(
        "gitlab_token", rb"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct|oas)-" + _WORD + rb"{20,}"
    ),
    _token("gitlab_token", rb"GR1348941" + _WORD + rb"{20}"),
    _token("slack_token", rb"xox[abeoprs]-[0-9A-Za-z-]{10,}"),
    _token("slack_token", rb"xapp-[0-9]-[0-9A-Za-z-]{10,}"),
    Rule(
        "slack_webhook",
        rb"hooks\.slack\.com",
        rb"hooks\.slack\.com/(?:services|workflows|triggers)/([0-9A-Za-z+/_-]{20,})",
    ),
    Rule(
        "discord_webhook",
        rb"webhooks(?:\\*/|%(?:25)*2[fF])[0-9]{10}",
        rb"discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/([0-9]{17,20}/[0-9A-Za-z_-]{60,})",
    ),
    Rule(
        "teams_webhook",
        rb"webhook\.office\.com",
        rb"webhook\.office\.com/webhookb2/([0-9A-Za-z@/-]{40,})",
    ),
    _token("stripe_key", rb"(?:sk|rk|pk)_(?:test|live|prod)_[0-9A-Za-z]{10,}"),
    _token("stripe_key", rb"whsec_[0-9A-Za-z+/=]{24,}"),
    _token("anthropic_key", rb"sk-ant-(?:api|admin|oat|sid)[0-9]{2}-" + _WORD + rb"{40,}"),
    _token("openai_key", rb"sk-(?:(?:proj|svcacct|admin|None)-)" + _WORD + rb"{20,}"),
    _token("openai_key", rb"sk-[0-9A-Za-z]{20}T3BlbkFJ[0-9A-Za-z]{20}"),
    _token("openrouter_key", rb"sk-or-v1-[0-9a-f]{64}"),
    _token("groq_key", rb"gsk_[0-9A-Za-z]{40,}"),
    _token("xai_key", rb"xai-[0-9A-Za-z_]{60,}"),
    _token("perplexity_key", rb"pplx-[0-9A-Za-z]{40,}"),
    _token("replicate_token", rb"r8_[0-9A-Za-z]{37}"),
    _token("huggingface_token", rb"(?:hf_|api_org_)[A-Za-z0-9]{34}"),
    _token("npm_token", rb"npm_[0-9A-Za-z]{36}"),
    _token("pypi_token", rb"pypi-AgE[0-9A-Za-z_-]{50,}"),
    _token("rubygems_key", rb"rubygems_[0-9a-f]{48}"),
    _token("cargo_token", rb"cio[0-9A-Za-z]{32}"),
    _token("docker_token", rb"dckr_(?:pat|oat)_[0-9A-Za-z_-]{27,}"),
    _token("sendgrid_key", rb"SG\.[0-9A-Za-z_-]{16,32}\.[0-9A-Za-z_-]{30,64}"),
    _token("mailgun_key", rb"key-[0-9a-f]{32}"),
    _token("mailchimp_key", rb"[0-9a-f]{32}-us[0-9]{1,2}", rb"[0-9a-f]-us[0-9]"),
    _token("brevo_key", rb"xkeysib-[0-9a-f]{64}-[0-9A-Za-z]{16}", rb"xkeysib-"),
    _token("twilio_key", rb"SK[0-9a-f]{32}"),
    _token(
        "telegram_token",
        rb"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}",
        rb"[0-9](?::|%(?:25)*3[aA])AA[0-9A-Za-z_-]{10}",
    ),
    _token(
        "discord_token",
        rb"[MNO][0-9A-Za-z_-]{23,27}\.[0-9A-Za-z_-]{6}\.[0-9A-Za-z_-]{27,40}",
        rb"[0-9A-Za-z]\.[GXYZ][0-9A-Za-z_-]{5}\.[0-9A-Za-z_-]{8}",
    ),
    _token("digitalocean_token", rb"do[opr]_v1_[0-9a-f]{64}"),
    _token("databricks_token", rb"dapi[0-9a-f]{32}(?:-[0-9])?"),
    _token("vault_token", rb"hv[sbr]\.[0-9A-Za-z_-]{24,}"),
    _token("terraform_token", rb"[0-9A-Za-z]{14}\.atlasv1\.[0-9A-Za-z_-]{60,}", rb"\.atlasv1\."),
    _token("shopify_token", rb"shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}"),
    _token("square_token", rb"sq0[a-z]{3}-[0-9A-Za-z_-]{22,43}"),
    _token("square_token", rb"EAAA[0-9A-Za-z_-]{60}"),
    _token("facebook_token", rb"EAA[MC][0-9A-Za-z]{100,}"),
    _token("linear_key", rb"lin_(?:api|oauth)_[0-9A-Za-z]{40,}"),
    _token(
        "notion_token",
        rb"(?:ntn_[0-9A-Za-z]{46}|secret_[0-9A-Za-z]{43})",
        rb"(?:ntn|secret)_[0-9A-Za-z]{10}",
    ),
    _token("postman_key", rb"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    _token("figma_token", rb"fig[dou]r?_[0-9A-Za-z_-]{36,}"),
    _token("atlassian_token", rb"ATATT3[0-9A-Za-z_=-]{100,}"),
    _token("atlassian_token", rb"ATCTT3[0-9A-Za-z_=-]{100,}"),
    _token("bitbucket_token", rb"ATBB[0-9A-Za-z]{32}"),
    _token(
        "grafana_token",
        rb"gl(?:c_[0-9A-Za-z+/]{32,}={0,2}|sa_[0-9A-Za-z]{32}_[0-9A-Fa-f]{8})",
        rb"gl(?:c|sa)_[0-9A-Za-z]{10}",
    ),
    _token("sentry_token", rb"sntry[su]_[0-9A-Za-z+/=_-]{40,}"),
    _token("newrelic_key", rb"NR(?:AK|JS|II|AA|RA)-[0-9A-Za-z]{19,40}"),
    _token("newrelic_key", rb"[0-9a-f]{36}NRAL", rb"[0-9a-f]NRAL"),
    _token("dynatrace_token", rb"dt0c01\.[0-9A-Z]{24}\.[0-9A-Z]{64}"),
    _token("pulumi_token", rb"pul-[0-9a-f]{40}"),
    _token("tailscale_key", rb"tskey-[a-z]+-[0-9A-Za-z_-]{16,}"),
    _token("planetscale_token", rb"pscale_(?:tkn|pw|oauth)_[0-9A-Za-z_.=-]{32,}"),
    _token("supabase_key", rb"sb(?:p|_secret)_[0-9A-Za-z_-]{31,}"),
    _token("doppler_token", rb"dp\.(?:pt|st|ct|sa|scim|audit)\.[0-9A-Za-z._-]{40,}"),
    _token("adafruit_key", rb"aio_[0-9A-Za-z]{28}"),
    _token("airtable_token", rb"pat[0-9A-Za-z]{14}\.[0-9a-f]{64}"),
    _token(
        "asana_token",
        rb"[12]/[0-9]{15,17}(?:/[0-9]{15,17})?:[0-9a-f]{32}",
        START + rb"[12](?:/|%(?:25)*2[fF])[0-9]{15}",
    ),
    _token("contentful_token", rb"CFPAT-[0-9A-Za-z_-]{43}"),
    _token(
        "hubspot_token",
        rb"pat-(?:na|eu)[0-9]-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    ),
    _token("artifactory_token", rb"AKCp[0-9A-Za-z]{69}"),
    _token("circleci_token", rb"CCIPAT_[0-9A-Za-z]{22}_[0-9a-f]{40}"),
    _token("buildkite_token", rb"bkua_[0-9a-f]{40}"),
    _token("fly_token", rb"fm[12][ar]?_[0-9A-Za-z+/=,_-]{100,}"),
    _token("render_key", rb"rnd_[0-9A-Za-z]{32}"),
    _token("heroku_key", rb"HRKU-[0-9A-Za-z_-]{36,}"),
    _token(
        "launchdarkly_key",
        rb"(?:sdk|api|mob)-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
    ),
    _token("plaid_token", rb"access-(?:sandbox|development|production)-[0-9a-f-]{36}"),
    _token("easypost_key", rb"EZ[AT]K[0-9a-f]{54,}"),
    _token("brevo_key", rb"xsmtpsib-[0-9a-f]{64}-[0-9A-Za-z]{16}"),
)
SECRET_RULES = (PRIVATE_KEY, JWT, *TOKEN_RULES)
