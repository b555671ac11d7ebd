package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newHealth(w world) *cobra.Command {
	var address string
	var live bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask a worker on this machine whether it is ready",
		Long: `Health asks the worker that was started with --health whether it owns its partitions,
has recovered their tables, and has processed the first of what waited there.
Exit code 0: ready; 5: not ready, or no answer.`,
		Example: `  eddy run --brokers kafka:9092 --data /var/lib/eddy --health 127.0.0.1:8086
  eddy health --address 127.0.0.1:8086`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if address == "" {
				s, err := w.load(cmd)
				if err != nil {
					return err
				}
				address = s.Health
			}
			if address == "" {
				return usageError(errors.New("which worker? Give --address, or set EDDY_HEALTH"))
			}
			path := "/ready"
			if live {
				path = "/live"
			}
			req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
			if err != nil {
				return usageError(fmt.Errorf("address %q: %w", address, err))
			}
			resp, err := (&http.Client{Timeout: timeout}).Do(req)
			if err != nil {
				return coded(exitNotReady, err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
			if err != nil {
				return coded(exitNotReady, err)
			}
			answer := strings.TrimSpace(string(body))
			if resp.StatusCode != http.StatusOK {
				return coded(exitNotReady, fmt.Errorf("%s: %s", resp.Status, answer))
			}
			_, err = fmt.Fprintln(w.out, answer)
			return err
		},
	}
	cmd.Flags().StringVar(&address, "address", "", "`address` of the worker, host:port (default the setting health)")
	cmd.Flags().BoolVar(&live, "live", false, "ask only whether it runs")
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Second, "how long to wait for the answer")
	return cmd
}
