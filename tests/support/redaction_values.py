"""Made-up values of every kind redaction looks for, made without its rules.

Numbers get their check digits from python-stdnum, tokens the alphabets and lengths of the
vendors' documentation. Nothing here was issued by anybody.
"""

import base64
import json
import string
from collections.abc import Callable, Mapping, Sequence
from random import Random

from stdnum import get_cc_module, luhn
from stdnum.iso7064 import mod_97_10

ALNUM = string.ascii_letters + string.digits
URL_SAFE = ALNUM + "-_"
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase
FIRST = "maria jonas lena tariq wei olu ana ivan sofia kenji priya noah fatima erik".split()  # noqa: SIM905
LAST = "lopez schmidt okafor rossi tanaka novak silva haddad larsen patel kim duarte".split()  # noqa: SIM905
DOMAINS = (
    "example.com",
    "mail.example.org",
    "post.example.co.uk",
    "firma-beispiel.de",
    "exemple.fr",
    "163.com",
    "corp.internal.example",
    "esempio.it",
    "example.museum",
)


def text(random: Random, size: int, alphabet: str = ALNUM) -> str:
    return "".join(random.choices(alphabet, k=size))


def digits(random: Random, size: int) -> str:
    return text(random, size, string.digits)


def email(random: Random) -> str:
    first, last = random.choice(FIRST), random.choice(LAST)
    local = random.choice(
        (
            f"{first}.{last}",
            f"{first[0]}{last}{random.randrange(100)}",
            f"{first}_{last}",
            f"{first.title()}.{last.title()}",
            f"{first}+{random.choice(('news', 'jobs', 'x'))}",
            f"{first}-{last}",
            f"{last}{random.randrange(1950, 2010)}",
        )
    )
    return f"{local}@{random.choice(DOMAINS)}"


_ISSUERS = (
    ("4", 16),
    ("4", 16),
    ("51", 16),
    ("55", 16),
    ("2221", 16),
    ("2720", 16),
    ("34", 15),
    ("37", 15),
    ("6011", 16),
    ("65", 16),
    ("3530", 16),
    ("36", 14),
    ("62", 16),
)


def card(random: Random) -> str:
    prefix, size = random.choice(_ISSUERS)
    body = prefix + digits(random, size - len(prefix) - 1)
    number = body + luhn.calc_check_digit(body)
    sizes = {16: (4, 4, 4, 4), 15: (4, 6, 5), 14: (4, 6, 4)}[size]
    joint = random.choice(("", "", " ", "-"))
    groups, at = [], 0
    for width in sizes:
        groups.append(number[at : at + width])
        at += width
    return joint.join(groups)


_BBANS = {
    "DE": "18n",
    "FR": "20n 1c 2n",
    "GB": "4a 14n",
    "NL": "4a 10n",
    "ES": "20n",
    "IT": "1a 22n",
    "CH": "5n 12c",
    "AT": "16n",
    "BE": "12n",
    "PL": "24n",
    "SE": "20n",
    "NO": "11n",
    "IE": "4a 14n",
    "PT": "21n",
    "SA": "2n 18c",
}


def iban(random: Random) -> str:
    country, structure = random.choice(list(_BBANS.items()))
    alphabets = {"n": string.digits, "a": string.ascii_uppercase, "c": "0123456789ABCDEFGH"}
    bban = "".join(text(random, int(one[:-1]), alphabets[one[-1]]) for one in structure.split())
    number = country + mod_97_10.calc_check_digits(bban + country) + bban
    if random.random() < 0.5:
        return " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    return number


def phone(random: Random) -> str:
    return random.choice(
        (
            f"+49 {random.randrange(30, 999)} {digits(random, 7)}",
            f"+1 {random.randrange(201, 989)} 555 {digits(random, 4)}",
            f"+1-{random.randrange(201, 989)}-555-{digits(random, 4)}",
            f"+44 20 {digits(random, 4)} {digits(random, 4)}",
            f"+33{random.randrange(1, 9)}{digits(random, 8)}",
            f"+91 9{digits(random, 4)} {digits(random, 5)}",
            f"+5511{digits(random, 9)}",
        )
    )


def local_phone(random: Random) -> str:
    return random.choice(
        (
            f"({random.randrange(201, 989)}) 555-{digits(random, 4)}",
            f"{random.randrange(201, 989)}-555-{digits(random, 4)}",
            f"030 {digits(random, 7)}",
            f"0171{digits(random, 7)}",
        )
    )


def _date(random: Random) -> tuple[int, int, int]:
    return random.randrange(1940, 2000), random.randrange(1, 13), random.randrange(1, 29)


def _ymd(random: Random) -> str:
    year, month, day = _date(random)
    return f"{year % 100:02d}{month:02d}{day:02d}"


def _dmy(random: Random) -> str:
    year, month, day = _date(random)
    return f"{day:02d}{month:02d}{year % 100:02d}"


def _curp(random: Random) -> str:
    letters = string.ascii_uppercase.replace("X", "")
    consonants = "BCDFGHJKLMNP"
    return (
        f"{random.choice(consonants)}A{text(random, 2, letters)}{_ymd(random)}"
        f"{random.choice('HM')}DF{text(random, 3, consonants)}0{digits(random, 1)}"
    )


def _ahv(random: Random) -> str:
    body = digits(random, 10)
    return f"756.{body[:4]}.{body[4:8]}.{body[8:]}"


def _cuit(random: Random) -> str:
    return f"{random.choice(('20', '23', '27'))}-{digits(random, 8)}-{digits(random, 1)}"


def _codicefiscale(random: Random) -> str:
    year, _, day = _date(random)
    body = f"{text(random, 6, 'BCDFGLMNPR')}{year % 100:02d}{random.choice('ABCDEHLMPRST')}"
    return f"{body}{day:02d}H{random.choice(('501', '703', '224'))}{text(random, 1, 'ABCDEFGHIJ')}"


def _belgian(random: Random, born: str) -> str:
    tail = f"{digits(random, 3)}.{digits(random, 2)}"
    return f"{born[:2]}.{born[2:4]}.{born[4:]}-{tail}"


Shape = Callable[[Random], str]
NATIONAL: dict[str, tuple[tuple[str, str], Shape, str]] = {
    "us_ssn": (("us", "ssn"), lambda r: f"{digits(r, 3)}-{digits(r, 2)}-{digits(r, 4)}", ""),
    "us_itin": (
        ("us", "itin"),
        lambda r: f"9{digits(r, 2)}-7{digits(r, 1)}-{digits(r, 4)}",
        "ITIN",
    ),
    "uk_nhs": (("gb", "nhs"), lambda r: digits(r, 10), "NHS number"),
    "ca_sin": (("ca", "sin"), lambda r: f"{digits(r, 3)}-{digits(r, 3)}-{digits(r, 3)}", "SIN"),
    "de_idnr": (("de", "idnr"), lambda r: digits(r, 11), "Steuer-ID"),
    "fr_nir": (("fr", "nir"), lambda r: f"{r.choice('12')}{_ymd(r)[:4]}75{digits(r, 8)}", "NIR"),
    "es_dni": (("es", "dni"), lambda r: digits(r, 8) + r.choice(string.ascii_uppercase), "DNI"),
    "es_nie": (
        ("es", "nie"),
        lambda r: f"{r.choice('XYZ')}{digits(r, 7)}{r.choice(string.ascii_uppercase)}",
        "",
    ),
    "it_codicefiscale": (("it", "codicefiscale"), _codicefiscale, ""),
    "nl_bsn": (("nl", "bsn"), lambda r: digits(r, 9), "BSN"),
    "be_nn": (("be", "nn"), lambda r: _belgian(r, _ymd(r)), ""),
    "se_personnummer": (
        ("se", "personnummer"),
        lambda r: f"{_ymd(r)}-{digits(r, 4)}",
        "personnummer",
    ),
    "fi_hetu": (
        ("fi", "hetu"),
        lambda r: f"{_dmy(r)}-{digits(r, 3)}{r.choice(ALNUM)}".upper(),
        "hetu",
    ),
    "no_fodselsnummer": (("no", "fodselsnummer"), lambda r: _dmy(r) + digits(r, 5), "fnr"),
    "dk_cpr": (("dk", "cpr"), lambda r: f"{_dmy(r)}-{digits(r, 4)}", "CPR"),
    "pl_pesel": (("pl", "pesel"), lambda r: _ymd(r) + digits(r, 5), "PESEL"),
    "br_cpf": (
        ("br", "cpf"),
        lambda r: f"{digits(r, 3)}.{digits(r, 3)}.{digits(r, 3)}-{digits(r, 2)}",
        "",
    ),
    "in_aadhaar": (
        ("in", "aadhaar"),
        lambda r: f"{r.randrange(2, 10)}{digits(r, 3)} {digits(r, 4)} {digits(r, 4)}",
        "Aadhaar",
    ),
    "au_tfn": (("au", "tfn"), lambda r: f"{digits(r, 3)} {digits(r, 3)} {digits(r, 3)}", "TFN"),
    "pt_nif": (("pt", "nif"), lambda r: digits(r, 9), "NIF"),
    "cn_ric": (
        ("cn", "ric"),
        lambda r: "360426{}{:02d}{:02d}".format(*_date(r)) + digits(r, 3) + r.choice("0123456789X"),
        "",
    ),
    "kr_rrn": (("kr", "rrn"), lambda r: f"{_ymd(r)}-{r.choice('12')}{digits(r, 6)}", ""),
    "tr_tckimlik": (("tr", "tckimlik"), lambda r: digits(r, 11), "TCKN"),
    "za_idnr": (("za", "idnr"), lambda r: f"{_ymd(r)}{digits(r, 4)}08{digits(r, 1)}", "ID number"),
    "mx_curp": (("mx", "curp"), _curp, ""),
    "ch_ahv": (("ch", "ssn"), _ahv, ""),
    "ie_pps": (
        ("ie", "pps"),
        lambda r: digits(r, 7) + r.choice(string.ascii_uppercase[:23]),
        "PPS",
    ),
    "ro_cnp": (("ro", "cnp"), lambda r: f"{r.choice('12')}{_ymd(r)}{digits(r, 6)}", "CNP"),
    "bg_egn": (("bg", "egn"), lambda r: _ymd(r) + digits(r, 4), "EGN"),
    "cz_rc": (("cz", "rc"), lambda r: f"{_ymd(r)}/{digits(r, 4)}", "RC"),
    "il_id": (("il", "idnr"), lambda r: digits(r, 9), "Teudat Zehut"),
    "ar_cuit": (("ar", "cuit"), _cuit, ""),
    "cl_rut": (
        ("cl", "rut"),
        lambda r: f"{r.randrange(5, 26)}.{digits(r, 3)}.{digits(r, 3)}-{r.choice('0123456789K')}",
        "",
    ),
    "jp_my_number": (("jp", "in_"), lambda r: digits(r, 12), "my number"),
    "at_svnr": (("at", "vnr"), lambda r: f"{digits(r, 4)} {_dmy(r)}", "SVNR"),
    "hr_oib": (("hr", "oib"), lambda r: digits(r, 11), "OIB"),
}


def national(kind: str, random: Random) -> str:
    """A number that the country's own check accepts, found by trying."""
    names, shape, _ = NATIONAL[kind]
    module = get_cc_module(*names)
    assert module is not None
    while True:
        number = shape(random)
        if module.is_valid(number):
            return number


def one_of(shapes: Sequence[Shape], random: Random) -> str:
    return random.choice(shapes)(random)


def _segment(value: Mapping[str, object] | bytes) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwt(random: Random) -> str:
    header = {"alg": random.choice(("HS256", "RS256")), "typ": "JWT"}
    claims = {"sub": digits(random, 8), "exp": random.randrange(10**9)}
    return f"{_segment(header)}.{_segment(claims)}.{_segment(random.randbytes(32))}"


def private_key(random: Random) -> str:
    name = random.choice(("RSA ", "EC ", "", "OPENSSH "))
    lines = "\n".join(text(random, 64, ALNUM + "+/") for _ in range(4))
    return f"-----BEGIN {name}PRIVATE KEY-----\n{lines}\n-----END {name}PRIVATE KEY-----"


def uuid(random: Random) -> str:
    return "-".join(text(random, size, HEX) for size in (8, 4, 4, 4, 12))


TOKENS: dict[str, tuple[Shape, ...]] = {
    "aws_access_key": (
        lambda r: r.choice(("AKIA", "ASIA")) + text(r, 16, "ABCDEFGHIJKLMNOP234567"),
    ),
    "gcp_api_key": (lambda r: "AIza" + text(r, 35, URL_SAFE),),
    "gcp_oauth": (
        lambda r: "ya29." + text(r, 120, URL_SAFE),
        lambda r: "GOCSPX-" + text(r, 28, URL_SAFE),
    ),
    "azure_key": (lambda r: "AccountKey=" + base64.b64encode(r.randbytes(64)).decode(),),
    "azure_client_secret": (
        lambda r: text(r, 3) + "8Q~" + text(r, 34, URL_SAFE + ".~")[:-1] + "a",
    ),
    "github_token": (
        lambda r: r.choice(("ghp_", "gho_", "ghs_", "ghu_", "ghr_")) + text(r, 36),
        lambda r: f"github_pat_{text(r, 22)}_{text(r, 59)}",
    ),
    "gitlab_token": (lambda r: r.choice(("glpat-", "gldt-", "glrt-")) + text(r, 20, URL_SAFE),),
    "slack_token": (
        lambda r: f"xoxb-{digits(r, 12)}-{digits(r, 13)}-{text(r, 24)}",
        lambda r: (
            f"xapp-1-A{text(r, 10, string.ascii_uppercase)}-{digits(r, 13)}-{text(r, 64, HEX)}"
        ),
    ),
    "slack_webhook": (
        lambda r: f"hooks.slack.com/services/T{text(r, 8)}/B{text(r, 10)}/{text(r, 24)}",
    ),
    "stripe_key": (
        lambda r: r.choice(("sk_live_", "sk_test_", "rk_live_")) + text(r, 24),
        lambda r: "whsec_" + text(r, 32),
    ),
    "anthropic_key": (lambda r: f"sk-ant-api03-{text(r, 93, URL_SAFE)}AA",),
    "openai_key": (
        lambda r: f"sk-{text(r, 20)}T3BlbkFJ{text(r, 20)}",
        lambda r: f"sk-proj-{text(r, 74, URL_SAFE)}T3BlbkFJ{text(r, 74, URL_SAFE)}",
    ),
    "huggingface_token": (lambda r: "hf_" + text(r, 34, string.ascii_letters),),
    "npm_token": (lambda r: "npm_" + text(r, 36),),
    "pypi_token": (lambda r: "pypi-AgEIcHlwaS5vcmc" + text(r, 120, URL_SAFE),),
    "sendgrid_key": (lambda r: f"SG.{text(r, 22, URL_SAFE)}.{text(r, 43, URL_SAFE)}",),
    "mailgun_key": (lambda r: "key-" + text(r, 32, HEX),),
    "mailchimp_key": (lambda r: f"{text(r, 32, HEX)}-us{r.randrange(1, 22)}",),
    "twilio_key": (lambda r: "SK" + text(r, 32, HEX),),
    "telegram_token": (lambda r: f"{r.randrange(10**8, 10**10)}:AA{text(r, 33, URL_SAFE)}",),
    "digitalocean_token": (lambda r: "dop_v1_" + text(r, 64, HEX),),
    "databricks_token": (lambda r: "dapi" + text(r, 32, HEX),),
    "vault_token": (lambda r: "hvs." + text(r, 95, URL_SAFE),),
    "shopify_token": (lambda r: r.choice(("shpat_", "shpss_")) + text(r, 32, HEX),),
    "docker_token": (lambda r: "dckr_pat_" + text(r, 27, URL_SAFE),),
    "grafana_token": (lambda r: f"glsa_{text(r, 32)}_{text(r, 8, HEX)}",),
    "rubygems_key": (lambda r: "rubygems_" + text(r, 48, HEX),),
    "linear_key": (lambda r: "lin_api_" + text(r, 40),),
    "postman_key": (lambda r: f"PMAK-{text(r, 24, HEX)}-{text(r, 34, HEX)}",),
    "pulumi_token": (lambda r: "pul-" + text(r, 40, HEX),),
    "newrelic_key": (lambda r: "NRAK-" + text(r, 27, string.ascii_uppercase + string.digits),),
    "airtable_token": (lambda r: f"pat{text(r, 14)}.{text(r, 64, HEX)}",),
    "atlassian_token": (lambda r: "ATATT3" + text(r, 186, URL_SAFE),),
    "discord_webhook": (
        lambda r: f"https://discord.com/api/webhooks/{digits(r, 18)}/{text(r, 68, URL_SAFE)}",
    ),
    "teams_webhook": (
        lambda r: (
            f"https://corp.webhook.office.com/webhookb2/{uuid(r)}@{uuid(r)}/IncomingWebhook/"
            f"{text(r, 32, HEX)}/{uuid(r)}"
        ),
    ),
    "openrouter_key": (lambda r: "sk-or-v1-" + text(r, 64, HEX),),
    "groq_key": (lambda r: "gsk_" + text(r, 52),),
    "xai_key": (lambda r: "xai-" + text(r, 80),),
    "perplexity_key": (lambda r: "pplx-" + text(r, 48),),
    "replicate_token": (lambda r: "r8_" + text(r, 37),),
    "cargo_token": (lambda r: "cio" + text(r, 32),),
    "brevo_key": (
        lambda r: f"xkeysib-{text(r, 64, HEX)}-{text(r, 16)}",
        lambda r: f"xsmtpsib-{text(r, 64, HEX)}-{text(r, 16)}",
    ),
    "discord_token": (
        lambda r: f"M{text(r, 23)}.G{text(r, 5, URL_SAFE)}.{text(r, 37, URL_SAFE)}a",
    ),
    "terraform_token": (lambda r: f"{text(r, 14)}.atlasv1.{text(r, 67, URL_SAFE)}",),
    "square_token": (
        lambda r: "sq0atp-" + text(r, 22, URL_SAFE),
        lambda r: "EAAA" + text(r, 60, URL_SAFE),
    ),
    "facebook_token": (lambda r: "EAAM" + text(r, 180),),
    "notion_token": (lambda r: "ntn_" + text(r, 46), lambda r: "secret_" + text(r, 43)),
    "figma_token": (lambda r: "figd_" + text(r, 40, URL_SAFE),),
    "bitbucket_token": (lambda r: "ATBB" + text(r, 32),),
    "sentry_token": (lambda r: "sntrys_" + text(r, 100), lambda r: "sntryu_" + text(r, 64, HEX)),
    "dynatrace_token": (
        lambda r: f"dt0c01.{text(r, 24, UPPER + string.digits)}.{text(r, 64, UPPER)}",
    ),
    "tailscale_key": (lambda r: f"tskey-auth-{text(r, 16)}CNTRL-{text(r, 32)}",),
    "planetscale_token": (lambda r: "pscale_tkn_" + text(r, 43, URL_SAFE),),
    "supabase_key": (lambda r: "sbp_" + text(r, 40, HEX),),
    "doppler_token": (lambda r: "dp.pt." + text(r, 43),),
    "adafruit_key": (lambda r: "aio_" + text(r, 28),),
    "asana_token": (lambda r: f"1/{digits(r, 16)}:{text(r, 32, HEX)}",),
    "contentful_token": (lambda r: "CFPAT-" + text(r, 43, URL_SAFE),),
    "artifactory_token": (lambda r: "AKCp" + text(r, 69),),
    "circleci_token": (lambda r: f"CCIPAT_{text(r, 22)}_{text(r, 40, HEX)}",),
    "buildkite_token": (lambda r: "bkua_" + text(r, 40, HEX),),
    "fly_token": (lambda r: "fm2_" + base64.b64encode(r.randbytes(120)).decode(),),
    "render_key": (lambda r: "rnd_" + text(r, 32),),
    "heroku_key": (lambda r: "HRKU-" + uuid(r),),
    "launchdarkly_key": (
        lambda r: f"sdk-{text(r, 8, HEX)}-{text(r, 4, HEX)}-4{text(r, 3, HEX)}-{uuid(r)[19:]}",
    ),
    "plaid_token": (lambda r: "access-production-" + uuid(r),),
    "easypost_key": (lambda r: "EZAK" + text(r, 54, HEX),),
    "hubspot_token": (lambda r: f"pat-na1-{uuid(r)}",),
}


def password(random: Random) -> str:
    return random.choice(
        (
            text(random, random.randrange(8, 20)),
            text(random, 12, ALNUM + "!#$%^*-_+.?"),
            f"{random.choice(LAST).title()}{random.randrange(1000, 9999)}!",
        )
    )


def opaque(random: Random) -> str:
    return "t1" + text(random, random.randrange(18, 40), URL_SAFE)


def basic(random: Random) -> str:
    return base64.b64encode(f"{random.choice(FIRST)}:{password(random)}".encode()).decode()
