//go:build kafka && race

package faults_test

const raceEnabled = true
