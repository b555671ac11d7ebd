package settings

import "github.com/spf13/pflag"

// annotation marks a flag with the key it sets.
const annotation = "eddy-setting"

func keyOfFlag(f *pflag.Flag) string {
	if key := f.Annotations[annotation]; len(key) == 1 {
		return key[0]
	}
	return ""
}

// binder adds flags that set keys. Their defaults are those of Default, so that help shows them.
type binder struct {
	flags    *pflag.FlagSet
	defaults Settings
}

func (b binder) mark(flag, key string) {
	if err := b.flags.SetAnnotation(flag, annotation, []string{key}); err != nil {
		panic(err) // a flag that was not just defined: a mistake in this file
	}
}

// BindLog adds the flags of logging.
func BindLog(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.String("log-level", b.defaults.Log.Level, "what to log: debug, info, warn or error")
	b.mark("log-level", "log.level")
	fs.String("log-format", b.defaults.Log.Format, "how to log: text or json")
	b.mark("log-format", "log.format")
}

// BindConnection adds the flags by which brokers are reached.
func BindConnection(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.StringSliceP("brokers", "b", nil, "Kafka bootstrap `addresses`, host:port, separated by commas")
	b.mark("brokers", "brokers")
	fs.String("client-id", b.defaults.ClientID, "`name` under which brokers see the connections")
	b.mark("client-id", "client-id")
	fs.Bool("tls", false, "connect over TLS, with the system's authorities")
	b.mark("tls", "tls.enabled")
	fs.String("tls-ca", "", "PEM `file` of the authorities to trust")
	b.mark("tls-ca", "tls.ca")
	fs.String("tls-cert", "", "PEM `file` of the client's certificate")
	b.mark("tls-cert", "tls.cert")
	fs.String("tls-key", "", "PEM `file` of the client's key")
	b.mark("tls-key", "tls.key")
	fs.String("tls-server-name", "", "`name` that the brokers' certificate must have")
	b.mark("tls-server-name", "tls.server-name")
	fs.Bool("tls-insecure", false, "accept any certificate: for a broker under test only")
	b.mark("tls-insecure", "tls.insecure")
	fs.String("sasl-mechanism", "", "log in by PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
	b.mark("sasl-mechanism", "sasl.mechanism")
	fs.String("sasl-user", "", "`name` to log in with")
	b.mark("sasl-user", "sasl.user")
	fs.String("sasl-password-file", "", "`file` with the password (or set EDDY_SASL_PASSWORD)")
	b.mark("sasl-password-file", "sasl.password-file")
	fs.Bool("sasl-plaintext", false, "allow a login without TLS")
	b.mark("sasl-plaintext", "sasl.plaintext")
}

// BindPartitions adds the flag of the partition count.
func BindPartitions(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.Int("partitions", b.defaults.Partitions, "`number` of partitions of the topics that are created")
	b.mark("partitions", "partitions")
}

// BindTopics adds the flags by which topics are created.
func BindTopics(fs *pflag.FlagSet) {
	BindPartitions(fs)
	b := binder{fs, Default()}
	fs.Int("replication", 0, "replication of the topics that are created (default 3, or the number of brokers if less)")
	b.mark("replication", "replication")
	fs.Duration("retention", 0, "how long streams are kept; negative: for ever (default 168h)")
	b.mark("retention", "retention")
}

// BindDeadLetters adds the flag of the dead letters' topic.
func BindDeadLetters(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.String("dead-letter-topic", "", "`topic` of the records that are given up (default eddy-dead-letters)")
	b.mark("dead-letter-topic", "dead-letter-topic")
}

// BindData adds the flag of the local stores' directory.
func BindData(fs *pflag.FlagSet, usage string) {
	b := binder{fs, Default()}
	fs.String("data", "", usage)
	b.mark("data", "data-dir")
}

// BindWiki adds the flags of the wiki pipeline.
func BindWiki(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.StringSlice("siteinfo", nil, "`file` with a wiki's namespaces and case rules, as its API answers meta=siteinfo; may be repeated")
	b.mark("siteinfo", "siteinfo")
	fs.String("start-on", b.defaults.StartOn, "what starts the cascade of a content change: render (of the changed page) or change")
	b.mark("start-on", "start-on")
	fs.Duration("keep-cascades", b.defaults.KeepCascades, "how long a cascade that has ended is kept, an hour or more")
	b.mark("keep-cascades", "keep-cascades")
}

// BindMemory adds the flag of the memory.
func BindMemory(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.String("memory", "", "`size` of the memory to keep to, such as 512MiB (default half of the container's, or the machine's)")
	b.mark("memory", "memory")
}

// BindWorker adds the flags of a worker.
func BindWorker(fs *pflag.FlagSet) {
	BindMemory(fs)
	BindDeadLetters(fs)
	b := binder{fs, Default()}
	fs.StringSlice("processors", nil, "`names` of the processors to run (default all)")
	b.mark("processors", "processors")
	fs.StringSlice("delivery", nil, "`promise` of the processors: at-least-once (default) or exactly-once; NAME=exactly-once for one of them")
	b.mark("delivery", "delivery")
	fs.StringSlice("on-error", nil, "`policy` for records that fail: stop (default), skip, dead-letter or retry:5:200ms:dead-letter; NAME=skip for one processor, /decode=skip or NAME/decode=skip for one phase (decode, process, write)")
	b.mark("on-error", "on-error")
	fs.Bool("standby", false, "keep copies of the tables of other workers' partitions")
	b.mark("standby", "standby")
	fs.String("instance-id", "", "`name` of this worker in its groups: a restart within the session timeout moves no partition (default one that is kept in --data)")
	b.mark("instance-id", "instance-id")
	fs.String("upgrade-from", "", "`release` whose workers still run: write what they can read (see doc/UPGRADING.md)")
	b.mark("upgrade-from", "upgrade-from")
	fs.String("health", "", "`address` on which to answer health checks, host:port (default none)")
	b.mark("health", "health")
	fs.Duration("drain-timeout", b.defaults.DrainTimeout, "how long a stopping worker finishes what it began")
	b.mark("drain-timeout", "drain-timeout")
	fs.Duration("session-timeout", b.defaults.SessionTimeout, "how long the consumer groups wait for a silent worker")
	b.mark("session-timeout", "session-timeout")
	fs.Int("commit-records", 0, "records that a batch holds at most (default the framework's)")
	b.mark("commit-records", "commit.records")
	fs.Int("commit-bytes", 0, "bytes that a batch holds at most (default the framework's)")
	b.mark("commit-bytes", "commit.bytes")
	fs.Duration("commit-interval", 0, "least time between commits")
	b.mark("commit-interval", "commit.interval")
}
