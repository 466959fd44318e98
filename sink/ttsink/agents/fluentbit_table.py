"""Which properties Fluent Bit's plugins know: of 5.1, as `fluent-bit -o http --help` lists them.

A property a plugin does not know ends Fluent Bit at its start. Where a release came later than
3.1, `SINCE` says so. Plugins that are not here are not judged.
"""

from collections.abc import Mapping
from typing import Final

_COMMON: Final = "alias log_level log_suppress_interval"
_INPUT: Final = (
    f"{_COMMON} name tag mem_buf_limit routable storage.pause_on_chunks_overlimit storage.type "
    "thread.ring_buffer.capacity thread.ring_buffer.window threaded processors rate_window "
    "rate_gate rate_gate.backpressure rate_gate.max_bytes rate_gate.max_records "
    "rate_gate.resume_ratio"
)
_FILTER: Final = f"{_COMMON} name match match_regex"
_TLS: Final = (
    "tls tls.ca_file tls.ca_path tls.ciphers tls.crt_file tls.debug tls.key_file tls.key_passwd "
    "tls.max_version tls.min_version tls.verify tls.verify_client_cert tls.verify_hostname "
    "tls.vhost tls.proxy.ca_file tls.proxy.ca_path tls.proxy.verify tls.proxy.verify_hostname "
    "tls.windows.certstore_name tls.windows.client_thumbprints tls.windows.use_enterprise_store"
)
_OUTPUT: Final = (
    f"{_COMMON} {_TLS} name match match_regex host port retry_limit workers processors "
    "storage.total_limit_size net.connect_timeout net.connect_timeout_log_error net.dns.mode "
    "net.dns.prefer_ipv4 net.dns.prefer_ipv6 net.dns.resolver net.io_timeout net.keepalive "
    "net.keepalive_idle_timeout net.keepalive_max_recycle net.max_worker_connections "
    "net.proxy_env_ignore net.source_address net.tcp_keepalive net.tcp_keepalive_interval "
    "net.tcp_keepalive_probes net.tcp_keepalive_time"
)
_LISTEN: Final = (
    f"{_TLS} listen host port http2 buffer_chunk_size buffer_max_size tag_key workers "
    "successful_response_code max_connections net.accept_timeout net.accept_timeout_log_error "
    "net.backlog net.io_timeout net.keepalive net.share_port http_server.buffer_chunk_size "
    "http_server.buffer_max_size http_server.http2 http_server.idle_timeout "
    "http_server.ingress_queue_byte_limit http_server.ingress_queue_event_limit "
    "http_server.max_connections http_server.workers"
)
_HTTP: Final = (
    "proxy http_user http_passwd header compress log_response_payload aws_auth aws_external_id "
    "aws_profile aws_region aws_role_arn aws_service aws_sts_endpoint"
)

_TEXTS: Final[Mapping[tuple[str, str], str]] = {
    ("input", "tail"): f"{_INPUT} path exclude_path key read_from_head refresh_interval "
    "read_newly_discovered_files_from_head watcher_interval progress_check_interval "
    "progress_check_interval_nsec rotate_wait docker_mode docker_mode_flush docker_mode_parser "
    "path_key offset_key ignore_older ignore_active_older_files buffer_chunk_size "
    "buffer_max_size static_batch_size event_batch_size skip_long_lines truncate_long_lines "
    "exit_on_eof skip_empty_lines inotify_watcher parser multiline multiline_flush "
    "parser_firstline multiline.parser db db.sync db.locking db.journal_mode "
    "db.compare_filename file_cache_advise generic.encoding unicode.encoding",
    ("input", "stdin"): f"{_INPUT} parser buffer_size",
    ("input", "systemd"): f"{_INPUT} path max_fields max_entries systemd_filter "
    "systemd_filter_type read_from_tail lowercase strip_underscores db db.sync",
    ("input", "opentelemetry"): f"{_INPUT} {_LISTEN} raw_traces tag_from_uri logs_body_key "
    "logs_metadata_key profiles_support encode_profiles_as_log",
    ("input", "dummy"): f"{_INPUT} dummy metadata rate copies samples interval_sec interval_nsec "
    "start_time_sec start_time_nsec fixed_timestamp flush_on_startup test_hang_on_exit",
    ("input", "http"): f"{_INPUT} {_LISTEN} success_header add_remote_addr remote_addr_key "
    "enable_health_endpoint",
    ("filter", "parser"): f"{_FILTER} key_name parser preserve_key reserve_data unescape_key",
    ("filter", "modify"): f"{_FILTER} add set remove remove_wildcard remove_regex rename "
    "hard_rename copy hard_copy move_to_start move_to_end condition",
    ("filter", "kubernetes"): f"{_FILTER} annotations labels buffer_size cache_use_docker_id "
    "dns_retries dns_wait_time dummy_meta k8s-logging.exclude k8s-logging.parser keep_log "
    "kube_ca_file kube_ca_path kube_meta_cache_ttl kube_meta_namespace_cache_ttl "
    "kube_meta_preload_cache_dir kube_namespace_file kube_tag_prefix kube_token_command "
    "kube_token_file kube_token_ttl kube_url kubelet_host kubelet_port merge_log merge_log_key "
    "merge_log_trim merge_parser namespace_annotations namespace_labels namespace_metadata_only "
    "owner_references regex_parser set_platform tls.debug tls.verify tls.verify_hostname "
    "tls.vhost use_journal use_kubelet use_tag_for_meta use_pod_association "
    "aws_use_pod_association",
    ("filter", "multiline"): f"{_FILTER} buffer debug_flush emitter_mem_buf_limit emitter_name "
    "emitter_storage.type flush_ms mode multiline.key_content multiline.parser",
    ("filter", "rewrite_tag"): f"{_FILTER} emitter_mem_buf_limit emitter_name "
    "emitter_storage.type rule",
    ("filter", "grep"): f"{_FILTER} exclude regex logical_op",
    ("filter", "record_modifier"): f"{_FILTER} allowlist_key record remove_key uuid_key "
    "whitelist_key",
    ("filter", "nest"): f"{_FILTER} operation wildcard nest_under nested_under add_prefix "
    "remove_prefix",
    ("filter", "type_converter"): f"{_FILTER} float_key int_key str_key uint_key",
    ("output", "http"): f"{_OUTPUT} {_HTTP} allow_duplicated_headers body_key format "
    "gelf_full_message_key gelf_host_key gelf_level_key gelf_short_message_key "
    "gelf_timestamp_key header_tag headers_key http.read_idle_timeout http.response_timeout "
    "http_method json_date_format json_date_key uri oauth2.audience oauth2.auth_method "
    "oauth2.client_id oauth2.client_secret oauth2.connect_timeout oauth2.enable oauth2.jwt_aud "
    "oauth2.jwt_cert_file oauth2.jwt_header oauth2.jwt_key_file oauth2.jwt_ttl_seconds "
    "oauth2.refresh_skew_seconds oauth2.resource oauth2.scope oauth2.timeout oauth2.token_url "
    "oauth2.user_agent",
    ("output", "opentelemetry"): f"{_OUTPUT} {_HTTP} add_label batch_size grpc grpc_logs_uri "
    "grpc_metrics_uri grpc_profiles_uri grpc_traces_uri http2 logs_attributes_metadata_key "
    "logs_body_key logs_body_key_attributes logs_instrumentation_scope_metadata_key "
    "logs_max_resources logs_max_scopes logs_metadata_key logs_observed_timestamp_metadata_key "
    "logs_resource_metadata_key logs_severity_number_message_key "
    "logs_severity_number_metadata_key logs_severity_text_message_key "
    "logs_severity_text_metadata_key logs_span_id_message_key logs_span_id_metadata_key "
    "logs_timestamp_metadata_key logs_trace_flags_metadata_key logs_trace_id_message_key "
    "logs_trace_id_metadata_key logs_uri metrics_uri profiles_uri traces_uri",
}

PROPERTIES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    plugin: frozenset(text.split()) for plugin, text in _TEXTS.items()
}
"""By kind and name of the plugin; keys in lower case."""

REPEATED: Final = frozenset(
    {
        *("header", "add", "set", "remove", "remove_wildcard", "remove_regex", "rename"),
        *("hard_rename", "copy", "hard_copy", "condition", "rule", "record", "remove_key"),
        *("allowlist_key", "whitelist_key", "systemd_filter", "wildcard", "regex", "exclude"),
        *("add_label", "parser", "int_key", "uint_key", "float_key", "str_key", "success_header"),
        *("move_to_start", "move_to_end", "aws_service", "body_key", "headers_key"),
    }
)
"""Properties that may stand twice; another that does ends Fluent Bit at its start."""

FORMATS: Final = frozenset({"json", "json_lines", "json_stream", "gelf", "msgpack"})
DATE_FORMATS: Final = frozenset({"double", "epoch", "epoch_ms", "iso8601", "java_sql_timestamp"})
COMPRESSIONS: Final = frozenset({"gzip", "zstd", "snappy"})
BUILT_IN_MULTILINE: Final = frozenset({"docker", "cri", "go", "java", "python", "ruby"})
