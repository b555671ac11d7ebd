package kafka

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Version is the version of Kafka that runs.
const Version = "4.3.1"

// JarsVariable is the environment variable that names a folder with Kafka's jars, in place of the cache.
const JarsVariable = "EDDY_KAFKA_JARS"

//go:embed pom.xml
var pom []byte

// mainJar is the jar that holds the broker.
const mainJar = "kafka_2.13-" + Version + ".jar"

// jars returns the folder of Kafka's jars. They are downloaded once, into the user's cache.
func jars(ctx context.Context) (string, error) {
	if dir := os.Getenv(JarsVariable); dir != "" {
		if _, err := os.Stat(filepath.Join(dir, mainJar)); err != nil { //nolint:gosec // whoever runs it names the folder
			return "", fmt.Errorf("%s: %w", JarsVariable, err)
		}
		return filepath.Abs(dir)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for Kafka's jars (%s can name one that has them): %w", JarsVariable, err)
	}
	dir := filepath.Join(cache, "eddy", "kafka-"+Version)
	if _, err := os.Stat(filepath.Join(dir, mainJar)); err == nil {
		return dir, nil
	}
	if err := download(ctx, dir); err != nil {
		return "", fmt.Errorf("download of Kafka %s: %w", Version, err)
	}
	return dir, nil
}

// download fills dir. Others may do the same at the same time: each downloads to a folder of its own, and the first one that is
// renamed to dir stays.
func download(ctx context.Context, dir string) (err error) {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return fmt.Errorf("Maven is needed once (Debian: apt-get install maven), or %s: %w", JarsVariable, err) //nolint:staticcheck // a name
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // public jars
		return err
	}
	own, err := os.MkdirTemp(filepath.Dir(dir), "download-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(own)) }()
	file, libs := filepath.Join(own, "pom.xml"), filepath.Join(own, "libs")
	if err := os.WriteFile(file, pom, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, mvn, //nolint:gosec // the machine's Maven
		"-q", "-B", "-Dstyle.color=never", "-f", file,
		"dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+libs)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, strings.TrimSpace(string(out)))
	}
	err = os.Rename(libs, dir)
	if _, missing := os.Stat(filepath.Join(dir, mainJar)); missing != nil {
		return errors.Join(err, missing)
	}
	return nil // ours, or somebody else's
}

// java returns the path of the JVM.
func java() (string, error) {
	if home := os.Getenv("JAVA_HOME"); home != "" {
		path, err := exec.LookPath(filepath.Join(home, "bin", "java"))
		if err != nil {
			return "", fmt.Errorf("no Java in JAVA_HOME: %w", err)
		}
		return path, nil
	}
	path, err := exec.LookPath("java")
	if err != nil {
		return "", fmt.Errorf("Java 17 or newer is needed (Debian: apt-get install openjdk-17-jdk-headless): %w", err) //nolint:staticcheck // a name
	}
	return path, nil
}
