// Measures the cost of the client: round trips of Ping through the client, and round trips of the
// same bytes through a bare socket.
//
//	bench --server URL --echo URL [--rounds 5] [--requests 2000]
//
// Each round makes N Pings of 64 bytes on one connection, then sends N frames of the same length to
// a server that returns all bytes. Prints the medians of the rounds' medians as one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net"
	"os"
	"sort"
	"strings"
	"time"

	"assay"
)

const (
	payloadSize = 64
	frameSize   = 32 + 8 + payloadSize // header, field header, payload
)

func main() {
	server := flag.String("server", "", "URL of an assayd")
	echo := flag.String("echo", "", "URL of a server that returns what it reads")
	rounds := flag.Int("rounds", 5, "rounds")
	requests := flag.Int("requests", 2000, "round trips of each kind per round")
	flag.Parse()
	client, err := assay.NewClient(*server)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	network, address, _ := strings.Cut(*echo, "://")
	bare, err := net.Dial(network, address)
	if err != nil {
		log.Fatal(err)
	}
	defer bare.Close()

	payload, frame := make([]byte, payloadSize), make([]byte, frameSize)
	var ofClient, ofBare []float64
	for round := 0; round < *rounds; round++ {
		ofClient = append(ofClient, median(*requests, func() error {
			_, err := client.Ping(context.Background(), assay.PingRequest{Payload: payload})
			return err
		}))
		ofBare = append(ofBare, median(*requests, func() error {
			if _, err := bare.Write(frame); err != nil {
				return err
			}
			_, err := io.ReadFull(bare, frame)
			return err
		}))
	}
	sort.Float64s(ofClient)
	sort.Float64s(ofBare)
	p50, bareP50 := ofClient[*rounds/2], ofBare[*rounds/2]
	json.NewEncoder(os.Stdout).Encode(map[string]any{"language": "go", "client_p50_us": p50,
		"bare_p50_us": bareP50, "ratio": p50 / bareP50, "requests": *requests, "rounds": *rounds})
}

// median returns the median round trip of one round, microseconds.
func median(count int, roundTrip func() error) float64 {
	times := make([]float64, count)
	for index := range times {
		begin := time.Now()
		if err := roundTrip(); err != nil {
			log.Fatal(err)
		}
		times[index] = float64(time.Since(begin).Nanoseconds()) / 1000
	}
	sort.Float64s(times)
	return times[count/2]
}
