package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui"
)

// demoCommand returns the command tagdiff demo.
func demoCommand(f *flags, failed *result) *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "Try tagdiff on a built-in registry with four cases from practice",
		Args:  cobra.ArbitraryArgs,
		RunE: failed.of(func(cmd *cobra.Command, args []string) error {
			if err := noArguments(cmd, args); err != nil {
				return err
			}
			server, err := demo.Start()
			if err != nil {
				return fmt.Errorf("the demo registry did not start: %w", err)
			}
			defer server.Close() //nolint:errcheck // the program ends
			guide, err := guideFor(server.Host())
			if err != nil {
				return err
			}
			return f.open(cmd, nil, &guide)
		}),
	}
	f.defineViews(c.Flags())
	f.defineScreen(c)
	return c
}

// guideFor returns the demo's incidents as the guide of the first screen.
func guideFor(host string) (ui.Guide, error) {
	g := ui.Guide{Title: "demo", Intro: "Four cases from practice. The demo registry runs on " + host, Registry: model.Ref{Registry: host}}
	for _, i := range demo.Incidents() {
		a, err := model.ParseImage(host + "/" + i.A)
		if err != nil {
			return g, err
		}
		b, err := model.ParseBeside(a, i.B)
		if err != nil {
			return g, err
		}
		g.Stories = append(g.Stories, ui.Story{Title: i.Title, Text: i.Story, Look: i.Look, A: a, B: b})
	}
	return g, nil
}
