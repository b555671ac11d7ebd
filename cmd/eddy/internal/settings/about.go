package settings

import "strings"

// about is what help, the list of settings and the sample say of a setting. A word in backquotes is what help calls the flag's value.
type about struct {
	key   string
	usage string
	// unset says what a zero value stands for; empty: nothing, or the value itself.
	unset string
}

// abouts are all settings, in the order of the sample: settings with dots, which belong together, come last.
var abouts = []about{
	{"brokers", "Kafka bootstrap `addresses`, host:port, separated by commas", "none"},
	{"client-id", "`name` under which brokers see the connections", ""},
	{"data-dir", "`directory` of the local stores", "none"},
	{"health", "`address` on which to answer health checks, host:port", "none"},
	{"instance-id", "`name` of this worker in its groups: a restart within the session timeout moves no partition", "one that is kept in the data directory"},
	{"processors", "`names` of the processors to run", "all"},
	{"delivery", "`promise` of the processors: at-least-once or exactly-once; NAME=exactly-once for one of them", "at-least-once"},
	{"on-error", "`policy` for records that fail: stop, skip, dead-letter or retry:5:200ms:dead-letter; NAME=skip for one processor, " +
		"/decode=skip or NAME/decode=skip for one phase (decode, process, write)", "stop"},
	{"dead-letter-topic", "`topic` of the records that are given up", "eddy-dead-letters"},
	{"standby", "keep copies of the tables of other workers' partitions", ""},
	{"upgrade-from", "`release` whose workers still run: write what they can read (see doc/UPGRADING.md)", "none"},
	{"drain-timeout", "how long a stopping worker finishes what it began", ""},
	{"session-timeout", "how long the consumer groups wait for a silent worker", ""},
	{"partitions", "`number` of partitions of the topics that are created", ""},
	{"replication", "`number` of replicas of the topics that are created", "3, or the number of brokers if less"},
	{"retention", "how long streams are kept; negative: for ever", ""},
	{"max-record", "`size` of the largest record, 1000000 to 32MiB; topics that are created take it", ""},
	{"siteinfo", "`file` with a wiki's namespaces and case rules, as its API answers meta=siteinfo; may be repeated", "English namespaces"},
	{
		"case", "`rule` of wikis without site info for the first letter of titles: first-letter or case-sensitive; NAME=first-letter for one of them",
		"titles are kept as they come",
	},
	{"wiki-map", "YAML `file` with names for wikis, by the wiki_id or domain that events have", "the names that events have"},
	{"start-on", "what starts the cascade of a content change: render (of the changed page) or change", ""},
	{"keep-cascades", "how long a cascade that has ended is kept, an hour or more", ""},
	{"clock-skew", "how far the clocks of wikis and renderers may be apart: what is less is in doubt, and rendered again (replay: 0s, files have one clock)", ""},
	{"coalesce", "let a page have one unanswered request at most, and ask again after this time, 1s or more", "each cascade sends a request of its own"},
	{"witness-after", "how long the change to a revision that was rendered is waited for before it is taken for lost, and the rendering tells of it (replay: 1h, files lose nothing)", ""},
	{"memory", "`size` of the memory to keep to, such as 512MiB", "half of the container's, or the machine's"},
	{"store-cache", "`size` of the part of the memory for blocks of the local store", "a part of the memory"},
	{"cache-bytes", "`size` of the part of the memory for decoded rows", "a part of the memory"},
	{"send-buffer", "`size` of the part of the memory for records that are not acknowledged", "a part of the memory"},
	{"commit.records", "`number` of records that a batch holds at most", ""},
	{"commit.bytes", "`number` of bytes that a batch holds at most", ""},
	{"commit.interval", "least time between commits; 0s: each begins when there is something to commit", ""},
	{"tls.enabled", "connect over TLS, with the system's authorities", ""},
	{"tls.ca", "PEM `file` of the authorities to trust", "the system's"},
	{"tls.cert", "PEM `file` of the client's certificate", "none"},
	{"tls.key", "PEM `file` of the client's key", "none"},
	{"tls.server-name", "`name` that the brokers' certificate must have", "the address's host"},
	{"tls.insecure", "accept any certificate: for a broker under test only", ""},
	{"sasl.mechanism", "log in by `mechanism` PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", "no login"},
	{"sasl.user", "`name` to log in with", "none"},
	{"sasl.password", "password to log in with; better in a file of its own", "none"},
	{"sasl.password-file", "`file` with the password (or set EDDY_SASL_PASSWORD)", "none"},
	{"sasl.plaintext", "allow a login without TLS", ""},
	{"schema-registry.url", "`addresses` of the schema registry of producers that send Confluent's wire format, http or https", "none"},
	{"schema-registry.user", "`name` to log in with at the schema registry", "none"},
	{"schema-registry.password", "password to log in with there; better in a file of its own", "none"},
	{"schema-registry.password-file", "`file` with the password (or set EDDY_SCHEMA_REGISTRY_PASSWORD)", "none"},
	{"schema-registry.plaintext", "allow a login there without TLS", ""},
	{"schema-registry.tls.enabled", "connect to the schema registry over TLS, with the system's authorities: https does", ""},
	{"schema-registry.tls.ca", "PEM `file` of the authorities to trust for the schema registry", "the system's"},
	{"schema-registry.tls.cert", "PEM `file` of the client's certificate there", "none"},
	{"schema-registry.tls.key", "PEM `file` of the client's key there", "none"},
	{"schema-registry.tls.server-name", "`name` that the schema registry's certificate must have", "the address's host"},
	{"schema-registry.tls.insecure", "accept any certificate there: for a registry under test only", ""},
	{"log.level", "what to log: debug, info, warn or error", ""},
	{"log.format", "how to log: text or json", ""},
}

// aboutOf returns what is said of a setting. That there is such a one is a matter of this package.
func aboutOf(key string) about {
	for _, a := range abouts {
		if a.key == key {
			return a
		}
	}
	panic("settings: nothing is said of " + key)
}

// usage is the text of a setting's flag, with the default where the flag's zero value says nothing of it.
func (binder) usage(key string) string {
	a := aboutOf(key)
	if a.unset == "" || a.unset == "none" {
		return a.usage
	}
	return a.usage + " (default " + a.unset + ")"
}

// text is the usage for a reader of a file.
func (a about) text() string { return strings.ReplaceAll(a.usage, "`", "") }
