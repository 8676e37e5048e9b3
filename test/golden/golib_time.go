package main

import (
	"archive/zip"
	"encoding/base64"
	"io"
	"log"
	"math"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func init() {
	generators["time"] = timeRows
}

var zoneNames = []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Monrovia", "Etc/GMT-14", "Asia/Tehran"}

var layouts = []string{
	time.ANSIC, time.UnixDate, time.RubyDate, time.RFC822, time.RFC822Z, time.RFC850, time.RFC1123, time.RFC1123Z, time.RFC3339, time.RFC3339Nano, time.Kitchen, time.Stamp, time.StampMilli, time.StampMicro, time.StampNano, time.DateTime, time.DateOnly, time.TimeOnly,
	"", "plain text", "January Jan Januaryx Janx Jan.", "Monday Mon Mondayx Monx Mon,", "MST MSTx", "01 02 03 04 05 06 002", "1 2 3 4 5 6 7 8 9 0", "15 1 5 115 151", "2006 2 20 200 20060", "_2 __2 _2006 _20 __ _", "PM pm Pm pM P p", "-0700 -07:00 -07 -070000 -07:00:00 -7 -", "Z0700 Z07:00 Z07 Z070000 Z07:00:00 Z Z0", "05.000 05,000 05.000000000000 05.0 .00x .001 15.00", "05.999 05,999 05.999999999999 .9 .99x .991 9.9", "2nd of 4th", "0 00 000 0002 001 003 06 07", "é 日 \xff 2006", "2006-01-02T15:04:05.000000Z07:00", "02/Jan/2006:15:04:05 -0700", "20060102150405", "3:04PM on Monday", ".000.999", "(-07)", "__2006", "Jan_2", "MonJan", "%d/%m/%Y", "2006.01.02", "15:04:05,99", "05.0009", "JanX Janz Jan1 JANUARY", "MonX Mona Mon9 MonD", "Mond Mondays Januarys", "_2x_20 _2006x", "__2x __20", "Z07000 Z070000x -07000 -070:00", "01234567", "1514 1504 0405", "20062006 2006x", "PMpmAM", ".00,99 ,00.99", "MSTMST MS", "-07:0000 Z07:0000",
}

var instants = []time.Time{
	time.Unix(0, 0), time.Date(2026, 11, 22, 7, 48, 33, 407701801, time.UTC), time.Date(2024, 2, 29, 23, 59, 59, 999999999, time.UTC), time.Date(2024, 3, 31, 0, 59, 59, 0, time.UTC), time.Date(2024, 3, 31, 1, 0, 0, 1000, time.UTC), time.Date(2024, 10, 27, 0, 30, 0, 500000000, time.UTC), time.Date(2024, 10, 27, 1, 0, 0, 0, time.UTC), time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-44, 3, 15, 12, 0, 0, 10, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(12345, 6, 7, 8, 9, 10, 0, time.UTC), time.Date(2050, 7, 4, 12, 0, 0, 0, time.UTC), time.Date(2051, 1, 15, 0, 5, 0, 120000, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999000000, time.UTC), time.Date(1940, 6, 1, 13, 4, 5, 0, time.UTC), time.Date(2000, 12, 31, 12, 0, 0, 0, time.UTC), time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
}

// timeRow is a call of a method on an instant in a zone.
type timeRow struct {
	Fn      string `json:"fn"`
	Seconds string `json:"seconds"`
	Nanos   int    `json:"nanos"`
	Zone    string `json:"zone"`
	Args    []any  `json:"args"`
	Want    any    `json:"want"`
}

func timeRows() []any {
	rows := []any{map[string]any{"zones": zoneFiles()}}
	random := rand.New(rand.NewSource(19))
	add := func(t time.Time, fn string, want any, args ...any) {
		encoded := []any{}
		for _, arg := range args {
			if other, ok := arg.(time.Time); ok {
				encoded = append(encoded, map[string]any{"seconds": strconv.FormatInt(other.Unix(), 10), "nanos": other.Nanosecond()})
			} else {
				encoded = append(encoded, encode(arg))
			}
		}
		rows = append(rows, timeRow{fn, strconv.FormatInt(t.Unix(), 10), t.Nanosecond(), t.Location().String(), encoded, encode(want)})
	}
	for i, name := range zoneNames {
		zone, err := time.LoadLocation(name)
		if err != nil {
			log.Fatal(err)
		}
		for j, instant := range instants {
			t := instant.In(zone)
			add(t, "String", t.String())
			if (i+j)%3 == 0 {
				add(t, "GoString", t.GoString())
				add(t, "IsDST", t.IsDST())
				add(t, "YearDay", t.YearDay())
				add(t, "Weekday", t.Weekday())
			}
			for k, layout := range layouts {
				if (i+j+k)%9 == 0 || i < 2 && j < 2 {
					add(t, "Format", t.Format(layout), layout)
				}
			}
			for _, d := range []time.Duration{time.Second, 7 * time.Minute, 24 * time.Hour, 3, 0, -5, 1500 * time.Millisecond} {
				if random.Intn(12) == 0 {
					add(t, "Truncate", t.Truncate(d).String(), d)
					add(t, "Round", t.Round(d).String(), d)
					add(t, "Add", t.Add(d).String(), d)
				}
			}
			years, months, days := random.Intn(9)-4, random.Intn(40)-20, random.Intn(800)-400
			add(t, "AddDate", t.AddDate(years, months, days).String(), years, months, days)
			if (i+j)%3 != 0 {
				continue
			}
			other := instants[random.Intn(len(instants))]
			add(t, "Sub", t.Sub(other), other)
			add(t, "Before", t.Before(other), other)
			add(t, "Compare", t.Compare(other), other)
			if text, err := t.MarshalJSON(); err == nil {
				add(t, "MarshalJSON", text)
			}
		}
		addChanges(zone, random, add)
	}
	for _, instant := range instants {
		t := instant.UTC()
		parts := []any{"Year", t.Year(), "Month", t.Month(), "Day", t.Day(), "Hour", t.Hour(), "Minute", t.Minute(), "Second", t.Second(), "Nanosecond", t.Nanosecond(), "Unix", t.Unix(), "UnixMilli", t.UnixMilli(), "UnixMicro", t.UnixMicro(), "UnixNano", t.UnixNano(), "IsZero", t.IsZero()}
		for i := 0; i < len(parts); i += 2 {
			add(t, parts[i].(string), parts[i+1])
		}
	}
	return append(rows, durationRows(random)...)
}

// addChanges rows look around the changes of the clock in years before and after the end of a zone's table.
func addChanges(zone *time.Location, random *rand.Rand, add func(time.Time, string, any, ...any)) {
	for _, year := range []int{1919, 1943, 1980, 2007, 2024, 2037, 2038, 2100} {
		for day := 0; day < 365; day++ {
			t := time.Date(year, 1, 1+day, 12, 0, 0, 0, zone)
			_, before := t.Zone()
			_, after := t.Add(24 * time.Hour).Zone()
			if before == after {
				continue
			}
			for range 3 {
				at := t.Add(time.Duration(random.Intn(86400)) * time.Second)
				add(at, "Format", at.Format(time.RFC1123Z+" MST"), time.RFC1123Z+" MST")
			}
			late := time.Date(year, 1, day, 2, 30, 0, 0, zone)
			add(late, "AddDate", late.AddDate(0, 0, 1).String(), 0, 0, 1)
			add(late, "AddDate", late.AddDate(0, 0, 2).String(), 0, 0, 2)
		}
	}
}

func durationRows(random *rand.Rand) []any {
	rows := []any{}
	durations := []time.Duration{0, 1, 999, 1000, 1500, 1500000, time.Second, 90 * time.Second, 3599210 * time.Millisecond, -3599210 * time.Millisecond, 100 * time.Hour, math.MaxInt64, math.MinInt64, math.MinInt64 + 1, -15, 12345678901}
	for range 30 {
		durations = append(durations, time.Duration(random.Int63()>>random.Intn(60)))
	}
	for _, d := range durations {
		rows = append(rows, row("String", d.String(), nil, d), row("Hours", d.Hours(), nil, d), row("Minutes", d.Minutes(), nil, d), row("Seconds", d.Seconds(), nil, d))
		rows = append(rows, row("Milliseconds", d.Milliseconds(), nil, d), row("Microseconds", d.Microseconds(), nil, d), row("Nanoseconds", d.Nanoseconds(), nil, d), row("Abs", d.Abs(), nil, d))
		for _, unit := range []time.Duration{time.Second, 7, time.Hour, 0, -1, math.MaxInt64} {
			rows = append(rows, row("Round", d.Round(unit), nil, d, unit), row("Truncate", d.Truncate(unit), nil, d, unit))
		}
	}
	for i := -1; i < 14; i++ {
		rows = append(rows, row("String", time.Month(i).String(), nil, time.Month(i)), row("String", time.Weekday(i).String(), nil, time.Weekday(i)))
	}
	return rows
}

// zoneFiles are the TZif files of the zones, so that the tests need none of the machine they run on.
func zoneFiles() map[string]string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		log.Fatal(err)
	}
	archive := filepath.Join(strings.TrimSpace(string(out)), "lib", "time", "zoneinfo.zip")
	os.Setenv("ZONEINFO", archive) // LoadLocation reads the same files
	reader, err := zip.OpenReader(archive)
	if err != nil {
		log.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range zoneNames {
		file, err := reader.Open(name)
		if err != nil {
			log.Fatal(err)
		}
		bytes, err := io.ReadAll(file)
		if err != nil {
			log.Fatal(err)
		}
		files[name] = base64.StdEncoding.EncodeToString(bytes)
	}
	return files
}
