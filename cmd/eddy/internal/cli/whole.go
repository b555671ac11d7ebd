package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
)

// loadWhole returns the settings of a command that runs the whole pipeline in this process, for a while. What says which part of it one of several
// workers is has no place there: a pipeline without one of its processors never comes to rest, and a second member under a worker's name would
// drive that out.
func (w world) loadWhole(cmd *cobra.Command) (settings.Settings, error) {
	s, err := w.load(cmd)
	if err != nil {
		return s, err
	}
	if len(s.Processors) > 0 {
		return s, usageError(errors.New("processors: '" + cmd.CommandPath() + "' runs all of them: leave the setting out"))
	}
	s.InstanceID, s.Standby, s.Health = "", false, ""
	return s, nil
}
