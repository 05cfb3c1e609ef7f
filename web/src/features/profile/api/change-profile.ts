import { useMutation, useQueryClient } from "@tanstack/react-query";
import { profileQuery } from "@/features/profile/api/get-profile";
import { api } from "@/lib/api-client";
import type { Profile } from "@/lib/api-types";
import { queryKeys } from "@/lib/query-keys";

/** What is left out stays. */
export interface ProfileChanges {
  name?: string;
  /** A BCP 47 tag. */
  language?: string;
  time_zone?: string | null;
  mails?: { limits?: boolean; gateways?: boolean };
}

export const changeProfile = (changes: ProfileChanges) =>
  api<Profile>("/user/profile", { method: "PATCH", body: changes });

export function useChangeProfile() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: changeProfile,
    onSuccess: (profile) => {
      client.setQueryData(profileQuery.queryKey, profile);
      return client.invalidateQueries({ queryKey: queryKeys.me });
    },
  });
}
