package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError words an error of the parser of flags.
func flagError(cmd *cobra.Command, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return valueError(invalid)
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if name, ok := refusedFlag(cmd, unknown); ok {
			return fmt.Errorf("%s does not take %s; see %s --help", cmd.Name(), name, cmd.CommandPath())
		}
		if short := unknown.GetSpecifiedShortnames(); short != "" {
			return fmt.Errorf("unknown flag: -%s; see %s --help", unknown.GetSpecifiedName(), cmd.CommandPath())
		}
	}
	if without, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return fmt.Errorf("--%s needs a value; see %s --help", without.GetFlag().Name, cmd.CommandPath())
	}
	return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
}

// refusedFlag returns the name of a flag that the root command has and cmd has not.
func refusedFlag(cmd *cobra.Command, unknown *pflag.NotExistError) (name string, ok bool) {
	if !cmd.HasParent() {
		return "", false
	}
	flag := cmd.Root().Flags().Lookup(unknown.GetSpecifiedName())
	if unknown.GetSpecifiedShortnames() != "" {
		flag = cmd.Root().Flags().ShorthandLookup(unknown.GetSpecifiedName())
	}
	if flag == nil {
		return "", false
	}
	return "--" + flag.Name, true
}

// valueError words the error of a value by the type of its flag.
func valueError(e *pflag.InvalidValueError) error {
	name, value := "--"+e.GetFlag().Name, e.GetValue()
	switch e.GetFlag().Value.Type() {
	case "duration":
		if value != "" && strings.Trim(value, "0123456789") == "" {
			return fmt.Errorf("%s %s has no unit; write %ss or %sm", name, value, value, value)
		}
		return fmt.Errorf("%s %q is not a duration; write one such as 30s or 2m", name, value)
	case "int":
		if errors.Is(e, strconv.ErrRange) {
			return fmt.Errorf("%s %s is too large; write a smaller number", name, value)
		}
		return fmt.Errorf("%s %q is not a whole number; write one such as 8", name, value)
	case "size":
		if value != "" && strings.Trim(value, "0123456789") == "" && strings.Trim(value, "0") != "" {
			return fmt.Errorf("%s %s has no unit; write %sMB or %sGB", name, value, value, value)
		}
		return fmt.Errorf("%s %q is not a size; write one such as 64MB or 1GiB", name, value)
	case "theme":
		return fmt.Errorf("%s %q is not a theme: use auto, dark, light or none", name, value)
	case "bool":
		return fmt.Errorf("%s takes no value; leave out =%s", name, value)
	}
	return e
}
