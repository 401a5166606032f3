// Asks the demo model a sum, then streams a story as it is made.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"assay"
)

func main() {
	server, ctx := os.Getenv("ASSAY_SERVER"), context.Background()
	if server == "" {
		server = "tcp://127.0.0.1:7411"
	}
	client, err := assay.NewClient(server)
	check(err)
	defer client.Close()

	prompt := assay.Ptr("317+485=")
	sum, err := client.Generate(ctx, assay.GenerateRequest{Prompt: prompt, MaxTokens: 8})
	check(err)
	fmt.Printf("317+485=%s (%s)\n", sum.Text, sum.Provenance)

	prompt = assay.Ptr("Once upon a time")
	story, err := client.GenerateStream(ctx, assay.GenerateRequest{Prompt: prompt, MaxTokens: 48})
	check(err)
	for story.Next() {
		fmt.Print(story.Chunk().Text)
	}
	whole, err := story.Result()
	check(err)
	fmt.Printf("\n(%d us)\n", whole.Answer.Timing.Total)
}

func check(err error) {
	if err != nil {
		log.Fatal(err) // an *assay.Error
	}
}
