//go:build !unix

package ui

import tea "charm.land/bubbletea/v2"

// suspend does nothing: there are no jobs to stop.
func suspend() tea.Cmd { return nil }
