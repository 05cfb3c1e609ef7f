import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { AuthLayout } from "@/features/auth/components/auth-layout";
import { SignInForm } from "@/features/auth/components/sign-in-form";

export function SignInRoute() {
  const search = useSearch({ from: "/sign-in" });
  const navigate = useNavigate();
  return (
    <AuthLayout
      title="Sign in"
      description="Welcome back. Your bots kept working."
      footer={
        <>
          New here?{" "}
          <Link to="/register" search={search} className="font-medium text-primary hover:underline">
            Create an account
          </Link>
          {" · "}
          <Link to="/forgot-password" className="font-medium text-primary hover:underline">
            Forgot your password?
          </Link>
        </>
      }
    >
      <SignInForm onDone={() => void navigate({ href: search.redirect ?? "/", replace: true })} />
    </AuthLayout>
  );
}
