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
	fs.String("log-level", b.defaults.Log.Level, b.usage("log.level"))
	b.mark("log-level", "log.level")
	fs.String("log-format", b.defaults.Log.Format, b.usage("log.format"))
	b.mark("log-format", "log.format")
}

// BindConnection adds the flags by which brokers are reached.
func BindConnection(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.StringSliceP("brokers", "b", nil, b.usage("brokers"))
	b.mark("brokers", "brokers")
	fs.String("client-id", b.defaults.ClientID, b.usage("client-id"))
	b.mark("client-id", "client-id")
	fs.Bool("tls", false, b.usage("tls.enabled"))
	b.mark("tls", "tls.enabled")
	fs.String("tls-ca", "", b.usage("tls.ca"))
	b.mark("tls-ca", "tls.ca")
	fs.String("tls-cert", "", b.usage("tls.cert"))
	b.mark("tls-cert", "tls.cert")
	fs.String("tls-key", "", b.usage("tls.key"))
	b.mark("tls-key", "tls.key")
	fs.String("tls-server-name", "", b.usage("tls.server-name"))
	b.mark("tls-server-name", "tls.server-name")
	fs.Bool("tls-insecure", false, b.usage("tls.insecure"))
	b.mark("tls-insecure", "tls.insecure")
	fs.String("sasl-mechanism", "", b.usage("sasl.mechanism"))
	b.mark("sasl-mechanism", "sasl.mechanism")
	fs.String("sasl-user", "", b.usage("sasl.user"))
	b.mark("sasl-user", "sasl.user")
	fs.String("sasl-password-file", "", b.usage("sasl.password-file"))
	b.mark("sasl-password-file", "sasl.password-file")
	fs.Bool("sasl-plaintext", false, b.usage("sasl.plaintext"))
	b.mark("sasl-plaintext", "sasl.plaintext")
}

// BindPartitions adds the flag of the partition count.
func BindPartitions(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.Int("partitions", b.defaults.Partitions, b.usage("partitions"))
	b.mark("partitions", "partitions")
}

// BindTopics adds the flags by which topics are created.
func BindTopics(fs *pflag.FlagSet) {
	BindPartitions(fs)
	b := binder{fs, Default()}
	fs.Int("replication", 0, b.usage("replication"))
	b.mark("replication", "replication")
	fs.Duration("retention", b.defaults.Retention, b.usage("retention"))
	b.mark("retention", "retention")
	fs.String("max-record", b.defaults.MaxRecord.String(), b.usage("max-record"))
	b.mark("max-record", "max-record")
}

// BindDeadLetters adds the flag of the dead letters' topic.
func BindDeadLetters(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.String("dead-letter-topic", "", b.usage("dead-letter-topic"))
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
	fs.StringSlice("siteinfo", nil, b.usage("siteinfo"))
	b.mark("siteinfo", "siteinfo")
	fs.StringSlice("case", nil, b.usage("case"))
	b.mark("case", "case")
	fs.String("start-on", b.defaults.StartOn, b.usage("start-on"))
	b.mark("start-on", "start-on")
	fs.Duration("keep-cascades", b.defaults.KeepCascades, b.usage("keep-cascades"))
	b.mark("keep-cascades", "keep-cascades")
	fs.Duration("coalesce", b.defaults.Coalesce, b.usage("coalesce"))
	b.mark("coalesce", "coalesce")
}

// BindClocks adds the flags of how clocks are trusted, and of how long what is late is waited for.
func BindClocks(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.Duration("clock-skew", b.defaults.ClockSkew, b.usage("clock-skew"))
	b.mark("clock-skew", "clock-skew")
	fs.Duration("witness-after", b.defaults.WitnessAfter, b.usage("witness-after"))
	b.mark("witness-after", "witness-after")
}

// BindWikiMap adds the flag of the names of wikis.
func BindWikiMap(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.String("wiki-map", "", b.usage("wiki-map"))
	b.mark("wiki-map", "wiki-map")
}

// BindMemory adds the flag of the memory.
func BindMemory(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.String("memory", "", b.usage("memory"))
	b.mark("memory", "memory")
}

// BindProcessing adds the flags of how records are processed and committed.
func BindProcessing(fs *pflag.FlagSet) {
	b := binder{fs, Default()}
	fs.StringSlice("delivery", nil, b.usage("delivery"))
	b.mark("delivery", "delivery")
	fs.Duration("drain-timeout", b.defaults.DrainTimeout, b.usage("drain-timeout"))
	b.mark("drain-timeout", "drain-timeout")
	fs.Duration("session-timeout", b.defaults.SessionTimeout, b.usage("session-timeout"))
	b.mark("session-timeout", "session-timeout")
	fs.Int("commit-records", b.defaults.Commit.Records, b.usage("commit.records"))
	b.mark("commit-records", "commit.records")
	fs.Int("commit-bytes", b.defaults.Commit.Bytes, b.usage("commit.bytes"))
	b.mark("commit-bytes", "commit.bytes")
	fs.Duration("commit-interval", b.defaults.Commit.Interval, b.usage("commit.interval"))
	b.mark("commit-interval", "commit.interval")
}

// BindWorker adds the flags of a worker.
func BindWorker(fs *pflag.FlagSet) {
	BindMemory(fs)
	BindDeadLetters(fs)
	BindProcessing(fs)
	b := binder{fs, Default()}
	fs.StringSlice("processors", nil, b.usage("processors"))
	b.mark("processors", "processors")
	fs.StringSlice("on-error", nil, b.usage("on-error"))
	b.mark("on-error", "on-error")
	fs.Bool("standby", false, b.usage("standby"))
	b.mark("standby", "standby")
	fs.String("instance-id", "", b.usage("instance-id"))
	b.mark("instance-id", "instance-id")
	fs.String("upgrade-from", "", b.usage("upgrade-from"))
	b.mark("upgrade-from", "upgrade-from")
	fs.String("health", "", b.usage("health"))
	b.mark("health", "health")
}
